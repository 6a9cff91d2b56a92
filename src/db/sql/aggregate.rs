//! Owns the SQL of aggregates: rows gathered, with all that is needed to judge whether they may be.
//! Must not judge: that is the query language's.

use diesel::sql_types::{Array, BigInt, Text, Untyped};

use super::fragments;
use super::observation_groups::{self, Strata};
use super::references::LookUp;
use super::select::Select;
use super::writer::{Out, SqlText, SqlWriter, statement};
use crate::query::plan::grouping::GROUPS;
use crate::query::{Column, Field, Plan, Shape};

/// The cells of every group after the fields that it is gathered by, in order.
pub const CELLS: [&str; 22] = [
    "rows",
    "present",
    "suppressed",
    "expected",
    "sum",
    "avg",
    "weighted",
    "weighed",
    "min",
    "max",
    "qualifiers",
    "statuses",
    "indicator_code",
    "nature",
    "source_code",
    "breakdown",
    "stage",
    "territory_code",
    "period",
    "nested",
    "overlapping",
    "cofunded",
];

/// What stands after them for observations: the indicator's own facts.
pub const INDICATOR_CELLS: [&str; 4] = ["indicator", "over_territories", "over_time", "unit"];

/// Rows gathered.
pub struct Groups<'a> {
    plan: &'a Plan,
    select: Select<'a>,
    by: Vec<&'static Field>,
    release: i32,
    members: &'a [String],
    most: i64,
}

impl<'a> Groups<'a> {
    /// The groups of a plan by these fields; of these territories together when it rolls up.
    pub fn new(plan: &'a Plan, by: Vec<&'static Field>, release: i32, approximate: bool) -> Self {
        let territory = plan.selection.context.dataset.territory_field();
        let rollup = plan.selection.grouping.as_ref().is_some_and(|grouping| grouping.rollup);
        let named = plan
            .selection
            .conditions
            .iter()
            .find(|c| territory.is_some_and(|field| std::ptr::eq(field, c.field)) && c.operator.takes_list());
        let members = named.filter(|_| rollup).map_or(&[][..], |condition| condition.values.as_slice());
        let select = Select::gathered(plan, release, approximate, territory.filter(|_| rollup));
        Self { plan, select, by, release, members, most: GROUPS + 1 }
    }

    fn is_rollup(&self) -> bool {
        !self.members.is_empty()
    }

    /// Territories that are one: perimeters, and a single territory, by their communes.
    fn members<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        out.push("members AS (SELECT DISTINCT m.code FROM unnest(");
        out.bind::<Array<Text>, _>(self.members)?;
        out.push(") AS named(code) JOIN territories n ON n.code = named.code AND ");
        out.visible("n", &self.release)?;
        let single = if self.members.len() == 1 { "n.kind <> 'commune'" } else { "n.kind = 'perimeter'" };
        out.push(" CROSS JOIN LATERAL (SELECT k.code FROM containments s JOIN territories k ON k.code = s.contained_code AND k.kind = 'commune' AND ");
        out.visible("k", &self.release)?;
        out.push(" WHERE s.container_code = n.code AND s.share = 1 AND ");
        out.push(single);
        out.push(" AND ");
        out.visible("s", &self.release)?;
        out.push(" UNION ALL SELECT n.code WHERE NOT (");
        out.push(single);
        out.push(")) m), ");
        Ok(())
    }

    /// Writes the territories that are one, when rows are rolled up: the start of a list of named queries.
    pub fn named_members<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        if self.is_rollup() { self.members(out) } else { Ok(()) }
    }

    /// Writes the rows that are gathered, as `FROM … WHERE …` of the alias `t`.
    pub fn gathered<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        self.select.selected(out)?;
        out.push(if self.is_rollup() { " AND t.territory_code IN (SELECT code FROM members)" } else { "" });
        Ok(())
    }

    /// The selected rows, as a named query. It is read more than once, each time for a few columns of it: kept whole it
    /// would be written out first, which for a million rows takes longer than to select them again.
    fn chosen<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        out.push("chosen AS NOT MATERIALIZED (SELECT t.*");
        self.gathered(out)?;
        out.push(")");
        Ok(())
    }
}

/// The aggregates of flows of money, in the order of [`CELLS`]. Flows are no series: any number of them is expected.
const MONEY: &str = "count(*)::text, count(t.amount_eur)::text, '0', count(*)::text, sum(t.amount_eur)::text, trim_scale(round(avg(t.amount_eur), 6))::text, \
NULL::text, '0', min(t.amount_eur)::text, max(t.amount_eur)::text, \
string_agg(DISTINCT t.qualifier, ',') FILTER (WHERE t.amount_eur IS NOT NULL), 'A', '1', '1', count(DISTINCT t.source_code)::text, '1', \
count(DISTINCT t.stage)::text, '1', '1', 'false', 'false', (count(t.cofunding_group) > count(DISTINCT t.cofunding_group))::text";

impl Groups<'_> {
    /// Writes the statement.
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        out.uncached();
        out.push("WITH ");
        self.named_members(out)?;
        self.chosen(out)?;
        let observations = self.plan.selection.context.dataset.shape == Shape::Observations;
        if observations {
            Strata::new(self.plan.selection.grouping.as_ref(), &self.by, self.plan.selection.geography.as_ref(), &self.release)
                .write(out)?;
        }
        out.push(" SELECT ");
        for field in &self.by {
            fragments::text(out, self.plan.selection.context.dataset, &Column::of(field), &self.release, LookUp::Single)?;
            out.push(", ");
        }
        out.push(if observations { observation_groups::CELLS } else { MONEY });
        if self.is_rollup() {
            out.push(", (SELECT count(*) FROM members)::text");
        }
        out.push(if observations { observation_groups::FROM } else { " FROM chosen t" });
        if !self.by.is_empty() {
            out.push(" GROUP BY ");
            out.list(&self.by, |out, field| fragments::column(out, field))?;
            out.push(" ORDER BY ");
            out.list(&self.by, |out, field| fragments::column(out, field))?;
        }
        out.push(" LIMIT ");
        out.bind::<BigInt, _>(&self.most)
    }
}

statement!(Groups<'_>, Untyped);
