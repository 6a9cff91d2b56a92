//! Owns the SQL of aggregates: groups of rows, with the facts by which [`crate::query`] decides whether they may be added up.
//! Must not decide that.

use diesel::sql_types::{BigInt, Untyped};

use super::fragments;
use super::money_groups::MoneyGroups;
use super::observation_groups::ObservationGroups;
use super::references::{LookUp, look_up};
use super::selected_rows::SelectedRows;
use super::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::model::column::CellSource;
use crate::query::plan::grouping::GROUPS;
use crate::query::{Column, Dataset, Field, FieldOrigin, Grouping, Plan, Shape};

/// The cells of every group after its fields, in order.
pub const CELLS: [&str; 24] = [
    "rows",
    "present",
    "suppressed",
    "inapplicable",
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
    "uneven",
    "cofunded",
];

/// The further cells of groups of observations: properties of the indicator, and the numbers of rows with the statuses of
/// notices. The fields that rows have of the indicator come after them.
pub const INDICATOR_CELLS: [&str; 6] = ["indicator", "over_territories", "over_time", "breaks", "provisional", "estimated"];

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
    grouping: &'a Grouping,
    rows: SelectedRows<'a>,
    columns: Vec<Column>,
    release: i32,
    limit: i64,
}

impl<'a> AggregateQuery<'a> {
    /// The groups of a plan. With `function=own`, the territories of its filter are one group.
    pub fn new(plan: &'a Plan, grouping: &'a Grouping, release: i32, approximate: bool) -> Self {
        let rows = SelectedRows::new(plan, release, approximate);
        Self { plan, grouping, rows, columns: plan.group_columns(), release, limit: GROUPS + 1 }
    }

    /// Writes the common table expression `selected`. If it is read twice, then each time a few columns of it; to materialize a
    /// million rows takes longer than to select them again.
    fn selected<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push("selected AS NOT MATERIALIZED (SELECT t.*");
        self.rows.rows(out)?;
        out.push(")");
        Ok(())
    }
}

impl AggregateQuery<'_> {
    /// Writes the statement.
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let dataset = self.plan.selection.context.dataset;
        out.uncached();
        out.push("WITH ");
        self.rows.members(out)?;
        self.selected(out)?;
        let observations = (dataset.shape == Shape::Observations)
            .then(|| ObservationGroups::new(self.plan, self.grouping, &self.rows, &self.release));
        let money = MoneyGroups::new(self.plan, self.grouping, &self.release);
        match &observations {
            Some(groups) => groups.write(out)?,
            None => money.write(out)?,
        }
        out.push(" SELECT ");
        for column in &self.columns {
            fragments::text(out, dataset, column, &self.release, LookUp::Single)?;
            out.push(", ");
        }
        match &observations {
            Some(groups) => groups.cells(out),
            None => money.cells(out),
        }
        self.indicator(out)?;
        if self.rows.is_own() {
            out.push(", (SELECT count(*) FROM members)::text");
        }
        match &observations {
            Some(groups) => groups.from(out)?,
            None => out.push(" FROM subgroups t"),
        }
        if !self.grouping.by.is_empty() {
            out.push(" GROUP BY ");
            out.list(&self.grouping.by, |out, field| fragments::column(out, field))?;
        }
        out.push(" LIMIT ");
        out.bind::<BigInt, _>(&self.limit)
    }

    /// Writes the cells of what groups say of their indicator.
    fn indicator<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
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
        Ok(())
    }
}

statement!(AggregateQuery<'_>, Untyped);
