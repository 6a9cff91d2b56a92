//! Owns the SQL of aggregates: groups of rows, with the facts by which [`crate::query`] decides whether they may be added up.
//! Must not decide that.

use diesel::sql_types::{BigInt, Untyped};

use super::fragments;
use super::geography;
use super::observation_groups::{self, ObservationGroups};
use super::references::{LookUp, look_up};
use super::select::Select;
use super::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::model::column::CellSource;
use crate::query::plan::grouping::GROUPS;
use crate::query::{Column, Dataset, Field, FieldOrigin, Grouping, Plan, Shape};

/// The cells of every group after its fields, in order.
pub const CELLS: [&str; 22] = [
    "rows",
    "present",
    "suppressed",
    "expected",
    "sum",
    "mean",
    "weighted",
    "weighed",
    "min",
    "max",
    "qualifiers",
    "statuses",
    "indicator_code",
    "nature",
    "source_code",
    "breakdown_code",
    "stage",
    "territory_code",
    "period",
    "nested",
    "overlapping",
    "cofunded",
];

/// The further cells of groups of observations, properties of the indicator. The fields that rows have of it come after them.
pub const INDICATOR_CELLS: [&str; 3] = ["indicator", "over_territories", "over_time"];

/// The fields that rows of a dataset have of their indicator, such as its unit.
pub fn indicator_fields(dataset: &'static Dataset) -> impl Iterator<Item = &'static Field> {
    dataset.fields.iter().filter(|field| matches!(field.origin, FieldOrigin::Named { .. }))
}

/// The labels that the answer shows of [`indicator_fields`]: the title of the unit.
pub fn indicator_labels(plan: &Plan) -> impl Iterator<Item = &Column> {
    let of_indicator = |field: &Field| matches!(field.origin, FieldOrigin::Named { .. });
    plan.reading.columns.iter().filter(move |column| column.field().is_none() && column.depends_on().is_some_and(of_indicator))
}

/// A query of the groups of a plan.
pub struct AggregateQuery<'a> {
    plan: &'a Plan,
    select: Select<'a>,
    by: Vec<&'static Field>,
    columns: Vec<Column>,
    release: i32,
    members: &'a [String],
    limit: i64,
}

impl<'a> AggregateQuery<'a> {
    /// The groups of a plan. With `function=own`, the territories of its filter are one group.
    pub fn new(plan: &'a Plan, release: i32, approximate: bool) -> Self {
        let territory = plan.selection.context.dataset.territory_field();
        let grouping = plan.selection.grouping.as_ref();
        let own = grouping.is_some_and(Grouping::is_own);
        let by = grouping.map_or_else(Vec::new, |grouping| grouping.by.clone());
        let territories = plan
            .selection
            .conditions
            .iter()
            .find(|c| territory.is_some_and(|field| std::ptr::eq(field, c.field)) && c.operator.takes_list());
        let members = territories.filter(|_| own).map_or(&[][..], |condition| condition.values.as_slice());
        let select = Select::all_rows(plan, release, approximate, territory.filter(|_| own));
        Self { plan, select, by, columns: plan.group_columns(), release, members, limit: GROUPS + 1 }
    }

    fn is_own(&self) -> bool {
        !self.members.is_empty()
    }

    /// Writes the common table expression `members` with the territories of `function=own`, and a comma; nothing with other functions.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn members<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        if !self.is_own() {
            return Ok(());
        }
        out.push("members AS (");
        geography::rollup_members(out, self.members, &self.release)?;
        out.push("), ");
        Ok(())
    }

    /// Writes `FROM … WHERE …` of the rows of all groups, with the alias `t`.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn rows<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        self.select.from_where(out)?;
        out.push(if self.is_own() { " AND t.territory_code IN (SELECT code FROM members)" } else { "" });
        Ok(())
    }

    /// Writes the common table expression `selected`. It is read several times, each time a few columns of it; to materialize
    /// a million rows takes longer than to select them again.
    fn selected<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push("selected AS NOT MATERIALIZED (SELECT t.*");
        self.rows(out)?;
        out.push(")");
        Ok(())
    }
}

/// The aggregates of payments and commitments, in the order of [`CELLS`]. No number of rows is expected of them.
const MONEY_CELLS: &str = "count(*)::text, count(t.amount_eur)::text, '0', count(*)::text, sum(t.amount_eur)::text, trim_scale(round(avg(t.amount_eur), 6))::text, \
NULL::text, '0', min(t.amount_eur)::text, max(t.amount_eur)::text, \
string_agg(DISTINCT t.qualifier, ',') FILTER (WHERE t.amount_eur IS NOT NULL), 'A', '1', '1', count(DISTINCT t.source_code)::text, '1', \
count(DISTINCT t.stage)::text, '1', '1', 'false', 'false', (count(t.cofunding_group) > count(DISTINCT t.cofunding_group))::text";

impl AggregateQuery<'_> {
    /// Writes the statement.
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.uncached();
        out.push("WITH ");
        self.members(out)?;
        self.selected(out)?;
        let observations = self.plan.selection.context.dataset.shape == Shape::Observations;
        if observations {
            ObservationGroups::new(
                self.plan.selection.grouping.as_ref(),
                &self.by,
                self.plan.selection.geography.as_ref(),
                &self.release,
            )
            .write(out)?;
        }
        out.push(" SELECT ");
        for column in &self.columns {
            fragments::text(out, self.plan.selection.context.dataset, column, &self.release, LookUp::Single)?;
            out.push(", ");
        }
        out.push(if observations { observation_groups::CELLS } else { MONEY_CELLS });
        for field in indicator_fields(self.plan.selection.context.dataset) {
            out.push(", min(i.");
            out.identifier(field.name)?;
            out.push(")::text");
        }
        for column in indicator_labels(self.plan) {
            let CellSource::Named { by, dataset, field } = column.source else { continue };
            out.push(", ");
            let code = |out: &mut SqlWriter<'_, 'b>| {
                out.push("min(");
                out.column("i", by.name)?;
                out.push(")");
                Ok(())
            };
            look_up(out, dataset.name, code, &self.release, LookUp::Single, |out| out.column("n", field.name))?;
        }
        if self.is_own() {
            out.push(", (SELECT count(*) FROM members)::text");
        }
        out.push(if observations { observation_groups::FROM } else { " FROM selected t" });
        if !self.by.is_empty() {
            out.push(" GROUP BY ");
            out.list(&self.by, |out, field| fragments::column(out, field))?;
        }
        out.push(" LIMIT ");
        out.bind::<BigInt, _>(&self.limit)
    }
}

statement!(AggregateQuery<'_>, Untyped);
