//! Owns the SQL that groups observations in two steps: first into subgroups, whose rows are equal in [`SUBGROUP_KEY`], then
//! into groups.
//!
//! Millions of rows make some hundred subgroups, by a hash aggregate of several processes. A column is computed for each row
//! only if a function of the request needs it.
//! Must not know how the rows are selected, nor whether they may be added up.

use super::double_counts::DoubleCounts;
use super::expected_cells::{ExpectedCells, KIND};
use super::fragments::list;
use super::selected_rows::SelectedRows;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::plan::grouping::{Function, Grouping};
use crate::query::{Field, Plan};

/// The columns of a subgroup's key besides the fields of the groups: the facts that decide whether rows may be added up.
const SUBGROUP_KEY: [&str; 4] = ["indicator_code", "period", "qualifier", "joined_statuses"];

/// The further columns of the key if values are put together. With the indicator they are what series differ in besides their
/// territory, so that the rows of a subgroup are of several territories if they are of several series.
const APART_KEY: [&str; 3] = ["breakdown_code", "nature", "source_code"];

/// The columns of a subgroup without rows, as the subgroups of weights have them.
const WEIGHT_COLUMNS: &str = ", 0, 0, NULL, NULL, NULL, sum(t.value * t.weight), sum(t.weight), count(t.weight), \
    NULL, NULL, NULL, NULL, min(t.territory_code), max(t.territory_code)";

/// The cells of a group up to those that differ with the functions: all rows, those with a value, and those without one because it
/// is suppressed, or because it cannot exist.
const FIRST_CELLS: &str = "sum(t.rows)::text, sum(t.present)::text, \
    sum(CASE WHEN string_to_array(t.joined_statuses, ',') && '{Q}' THEN t.rows - t.present ELSE 0 END)::text, \
    sum(CASE WHEN string_to_array(t.joined_statuses, ',') && '{M}' THEN t.rows - t.present ELSE 0 END)::text, ";

/// The cells between the number of expected cells and the facts of additivity.
const VALUE_CELLS: &str = "sum(t.sum)::text, trim_scale(round(sum(t.sum) / nullif(sum(t.present), 0), 6))::text, \
    trim_scale(round(sum(t.weighted) / nullif(sum(t.weight), 0), 6))::text, sum(t.weighed)::text, min(t.least)::text, max(t.most)::text, \
    string_agg(DISTINCT t.qualifier, ',') FILTER (WHERE t.present > 0), string_agg(DISTINCT t.joined_statuses, ','), \
    CASE WHEN min(t.indicator_code) = max(t.indicator_code) THEN '1' ELSE '2' END, ";

/// The facts of values that are put together. Numbers of distinct values that must not be mixed are 1 or 2, where 2 means
/// several.
const APART_CELLS: &str = "CASE WHEN min(t.nature) = max(t.nature) THEN '1' ELSE '2' END, \
    CASE WHEN min(t.source_code) = max(t.source_code) THEN '1' ELSE '2' END, \
    CASE WHEN min(t.breakdown_code) = max(t.breakdown_code) THEN '1' ELSE '2' END, '1', \
    CASE WHEN NOT bool_or(t.least_series <> t.most_series) \
    AND min(coalesce(a.territory_code, t.least_territory)) = max(coalesce(a.territory_code, t.most_territory)) THEN '1' ELSE '2' END, \
    CASE WHEN min(t.period) = max(t.period) THEN '1' ELSE '2' END, ";

/// The same facts of values that are not put together, which may be mixed.
const MIXED_CELLS: &str =
    "'1', '1', '1', '1', CASE WHEN min(t.least_territory) = max(t.most_territory) THEN '1' ELSE '2' END, '1', ";

/// The last cells: properties of the indicator, and the numbers of rows that readers must know about.
const LAST_CELLS: &str = ", 'false', min(t.indicator_code), min(i.territory_additivity), min(i.time_additivity), \
    sum(t.rows) FILTER (WHERE string_to_array(t.joined_statuses, ',') && '{B}')::text, \
    sum(t.rows) FILTER (WHERE string_to_array(t.joined_statuses, ',') && '{P}')::text, \
    sum(t.rows) FILTER (WHERE string_to_array(t.joined_statuses, ',') && '{E}')::text";

/// The common table expressions that group the one named `selected`.
pub struct ObservationGroups<'b> {
    functions: &'b [Function],
    may_weight: bool,
    combines: bool,
    by: &'b [&'static Field],
    rows: &'b SelectedRows<'b>,
    double_counts: DoubleCounts<'b>,
    /// `None` if all rows, or the members of a territory, are expected.
    expected: Option<ExpectedCells<'b>>,
    release: &'b i32,
}

impl<'b> ObservationGroups<'b> {
    /// Groups the rows of a plan by the fields of its grouping at a release, in the geography of the plan.
    pub fn new(plan: &'b Plan, grouping: &'b Grouping, rows: &'b SelectedRows<'b>, release: &'b i32) -> Self {
        let combines = grouping.functions.iter().any(|function| function.combines());
        let double_counts = DoubleCounts::new(grouping, plan.selection.geography.as_ref(), release);
        let expected = plan.expects_cells().then(|| ExpectedCells::new(&grouping.by, combines));
        let (functions, by) = (grouping.functions.as_slice(), grouping.by.as_slice());
        Self { functions, may_weight: grouping.may_weight(), combines, by, rows, double_counts, expected, release }
    }

    /// Writes the common table expressions that [`cells`](Self::cells) and [`from`](Self::from) use, after others.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn write(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push(", facts AS MATERIALIZED (SELECT i.* FROM indicators i WHERE ");
        out.visible("i", self.release)?;
        out.push("), ");
        if let Some(expected) = &self.expected {
            expected.uniform(out, self.rows)?;
        }
        self.subgroups(out)?;
        if !self.is_by_territory() && (self.double_counts.nests() || self.expected.is_some()) {
            out.push(", read_series AS MATERIALIZED (SELECT ");
            self.series(out)?;
            out.push(")");
        }
        self.double_counts.write(out)?;
        self.expected.as_ref().map_or(Ok(()), |expected| expected.write(out))
    }

    /// Writes the cells of a group, in the order of `CELLS` and `INDICATOR_CELLS` of [`super::aggregate`].
    pub fn cells(&self, out: &mut SqlWriter<'_, 'b>) {
        out.push(FIRST_CELLS);
        match &self.expected {
            Some(expected) => expected.cell(out),
            None => out.push("NULL::text, "),
        }
        out.push(VALUE_CELLS);
        out.push(if self.combines { APART_CELLS } else { MIXED_CELLS });
        self.double_counts.cells(out);
        out.push(LAST_CELLS);
    }

    /// Writes the FROM clause of the cells.
    ///
    /// # Errors
    /// Returns an error if a name cannot be quoted.
    pub fn from(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push(" FROM subgroups t JOIN facts i ON i.code = t.indicator_code");
        out.push(if self.combines { " LEFT JOIN series a ON a.id = t.least_series" } else { "" });
        self.expected.as_ref().map_or(Ok(()), |expected| expected.join(out))
    }

    fn is_by_territory(&self) -> bool {
        self.by.iter().any(|field| field.name == "territory_code")
    }

    fn keys(&self) -> Vec<&'static str> {
        let apart = if self.combines { &APART_KEY[..] } else { &[] };
        let mut keys: Vec<&str> = SUBGROUP_KEY.iter().chain(apart).copied().collect();
        for field in self.by {
            if !keys.contains(&field.name) {
                keys.push(field.name);
            }
        }
        keys
    }

    fn subgroups(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let keys = self.keys();
        let compares = self.functions.iter().any(|function| matches!(function, Function::Min | Function::Max));
        out.push("subgroups AS MATERIALIZED (SELECT ");
        list(out, &keys)?;
        out.push(", count(*) AS rows, count(t.value) AS present, ");
        out.push(if self.combines { "sum(t.value) AS sum, " } else { "NULL::numeric AS sum, " });
        out.push(match compares {
            true => "min(t.value) AS least, max(t.value) AS most, ",
            false => "NULL::numeric AS least, NULL::numeric AS most, ",
        });
        out.push("NULL::numeric AS weighted, NULL::numeric AS weight, 0::bigint AS weighed, ");
        out.push(match self.combines {
            true => {
                "min(t.period_start) AS start, max(t.period_end) AS \"end\", \
                 min(t.series_id) AS least_series, max(t.series_id) AS most_series, "
            }
            false => "NULL::date AS start, NULL::date AS \"end\", NULL::integer AS least_series, NULL::integer AS most_series, ",
        });
        out.push("NULL::text AS least_territory, NULL::text AS most_territory");
        if let Some(expected) = &self.expected {
            expected.kind_of_row(out);
        }
        out.push(" FROM selected t GROUP BY ");
        list(out, &keys)?;
        if let Some(expected) = &self.expected {
            expected.kind_of_subgroup(out);
        }
        if self.may_weight {
            self.weights(out, &keys)?;
        }
        out.push(")");
        Ok(())
    }

    /// Writes the subgroups of weights. They are apart because few indicators have weights, and the database aggregates the
    /// values in parallel only if it looks up nothing for a row.
    fn weights(&self, out: &mut SqlWriter<'_, 'b>, keys: &[&str]) -> SqlResult {
        out.push(" UNION ALL SELECT ");
        list(out, keys)?;
        out.push(WEIGHT_COLUMNS);
        out.push(" FROM (SELECT ");
        list(out, keys)?;
        out.push(if keys.contains(&"territory_code") { "" } else { ", t.territory_code" });
        out.push(
            ", t.value, CASE WHEN t.value IS NOT NULL THEN (SELECT max(v.value) FROM facts i \
             JOIN observations v ON v.indicator_code = i.weight_indicator_code \
             WHERE i.code = t.indicator_code AND v.territory_code = t.territory_code AND v.period = t.period \
             AND v.breakdown_code = '_T' AND v.nature = t.nature AND ",
        );
        out.visible("v", self.release)?;
        // OFFSET keeps the planner from inlining the subquery, which would look up the weight once for each use.
        out.push(
            " HAVING count(*) = 1) END AS weight FROM selected t \
             WHERE t.indicator_code = ANY(ARRAY(SELECT i.code FROM facts i WHERE i.territory_additivity = 'weighted_mean')) OFFSET 0) t GROUP BY ",
        );
        list(out, keys)
    }

    /// Writes the selected series. The rows are read again only if the conditions differ within a series.
    fn series(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        list(out, &["territory_code"])?;
        out.push(", ");
        list(out, &KIND)?;
        if let Some(expected) = &self.expected {
            expected.kind_of_row(out);
        }
        if self.rows.are_whole_series() {
            return self.rows.series(out);
        }
        out.push(" FROM (SELECT DISTINCT t.series_id FROM selected t) r JOIN series t ON t.id = r.series_id");
        Ok(())
    }
}
