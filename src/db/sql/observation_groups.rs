//! Owns the SQL that groups observations in two steps: first into subgroups, whose rows are equal in [`SUBGROUP_KEY`], then
//! into groups.
//!
//! Millions of rows make some hundred subgroups, by a hash aggregate. To count the distinct values of many columns in the rows
//! themselves, the database would sort them once for each column.
//! Must not know how the rows are selected, nor whether they may be added up.

use chrono::NaiveDate;

use super::geography;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::Field;
use crate::query::plan::grouping::Grouping;

/// The columns of a subgroup's key besides the fields of the groups: the facts that decide whether rows may be added up. A
/// column that depends on another is left out, because many columns make the planner sort rather than hash.
const SUBGROUP_KEY: [&str; 4] = ["indicator_code", "period", "qualifier", "statuses"];

/// The aggregates of a subgroup; the extremes come between the two texts.
const SUBGROUP_AGGREGATES: [&str; 2] = [
    ", count(*) AS rows, count(t.value) AS present, count(*) FILTER (WHERE t.value IS NULL AND t.statuses && '{Q}') AS suppressed, \
     sum(t.value) AS sum",
    ", NULL::numeric AS weighted, NULL::numeric AS weight, 0::bigint AS weighed, \
     min(t.period_start) AS start, max(t.period_end) AS \"end\", \
     min(t.nature) AS least_nature, max(t.nature) AS most_nature, min(t.source_code) AS least_source, max(t.source_code) AS most_source, \
     min(t.breakdown_code) AS least_breakdown, max(t.breakdown_code) AS most_breakdown, \
     min(t.territory_code) AS least_territory, max(t.territory_code) AS most_territory",
];

/// The extremes of a subgroup, if the request asks for them.
const EXTREMES: &str = ", min(t.value) AS least, max(t.value) AS most";

/// The same columns if it does not.
const NO_EXTREMES: &str = ", NULL::numeric AS least, NULL::numeric AS most";

/// The same columns of a subgroup that holds only weights and the values that have one.
const WEIGHT_AGGREGATES: &str = ", 0, 0, 0, NULL, NULL, NULL, sum(t.value * t.weight), sum(t.weight), count(t.weight), \
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL";

/// The cells of a group, in the order of `CELLS` and `INDICATOR_CELLS` of [`super::aggregate`]. Numbers of distinct values that
/// must not be mixed are 1 or 2, where 2 means several.
pub const CELLS: &str = "sum(t.rows)::text, sum(t.present)::text, sum(t.suppressed)::text, \
    (SELECT r.territories FROM territory_counts r WHERE r.indicator_code = min(t.indicator_code))::text, \
    sum(t.sum)::text, trim_scale(round(sum(t.sum) / nullif(sum(t.present), 0), 6))::text, \
    trim_scale(round(sum(t.weighted) / nullif(sum(t.weight), 0), 6))::text, sum(t.weighed)::text, min(t.least)::text, max(t.most)::text, \
    string_agg(DISTINCT t.qualifier, ',') FILTER (WHERE t.present > 0), string_agg(DISTINCT array_to_string(t.statuses, ','), ','), \
    CASE WHEN min(t.indicator_code) = max(t.indicator_code) THEN '1' ELSE '2' END, \
    CASE WHEN min(t.least_nature) = max(t.most_nature) THEN '1' ELSE '2' END, \
    CASE WHEN min(t.least_source) = max(t.most_source) THEN '1' ELSE '2' END, \
    CASE WHEN min(t.least_breakdown) = max(t.most_breakdown) THEN '1' ELSE '2' END, '1', \
    CASE WHEN min(t.least_territory) = max(t.most_territory) THEN '1' ELSE '2' END, \
    CASE WHEN min(t.period) = max(t.period) THEN '1' ELSE '2' END, \
    (SELECT nested FROM double_counts)::text, (SELECT overlapping FROM double_counts)::text, 'false', \
    min(t.indicator_code), min(i.territory_additivity), min(i.time_additivity)";

/// The FROM clause of [`CELLS`].
pub const FROM: &str = " FROM subgroups t JOIN facts i ON i.code = t.indicator_code";

/// The common table expressions that group the one named `selected`.
pub struct ObservationGroups<'b> {
    compares: bool,
    may_weight: bool,
    by: &'b [&'static Field],
    geography: Option<&'b NaiveDate>,
    release: &'b i32,
}

impl<'b> ObservationGroups<'b> {
    /// Groups by these fields at a release, in the geography of a day. `grouping` says what is computed.
    pub fn new(
        grouping: Option<&Grouping>,
        by: &'b [&'static Field],
        geography: Option<&'b NaiveDate>,
        release: &'b i32,
    ) -> Self {
        let compares = grouping.is_some_and(Grouping::compares);
        let may_weight = grouping.is_some_and(Grouping::may_weight);
        Self { compares, may_weight, by, geography, release }
    }

    /// Writes the common table expressions that [`CELLS`] and [`FROM`] use, after others.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn write(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push(", facts AS MATERIALIZED (SELECT i.* FROM indicators i WHERE ");
        out.visible("i", self.release)?;
        out.push("), ");
        self.subgroups(out)?;
        out.push(
            ", indicator_territories AS MATERIALIZED (SELECT DISTINCT t.indicator_code, t.territory_code FROM selected t), \
             territory_counts AS MATERIALIZED (SELECT t.indicator_code, count(*) AS territories FROM indicator_territories t GROUP BY t.indicator_code), ",
        );
        self.double_counts(out)
    }

    fn subgroups(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let own = self.by.iter().map(|field| field.name).filter(|name| !SUBGROUP_KEY.contains(name));
        let keys: Vec<&str> = SUBGROUP_KEY.into_iter().chain(own).collect();
        out.push("subgroups AS MATERIALIZED (SELECT ");
        list(out, &keys)?;
        let extremes = if self.compares { EXTREMES } else { NO_EXTREMES };
        [SUBGROUP_AGGREGATES[0], extremes, SUBGROUP_AGGREGATES[1], " FROM selected t GROUP BY "]
            .iter()
            .for_each(|part| out.push(part));
        list(out, &keys)?;
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
        out.push(WEIGHT_AGGREGATES);
        out.push(" FROM (SELECT ");
        list(out, keys)?;
        out.push(
            ", t.value, (SELECT max(v.value) FROM facts i JOIN observations v ON v.indicator_code = i.weight_indicator_code \
             WHERE i.code = t.indicator_code AND v.territory_code = t.territory_code AND v.period = t.period \
             AND v.breakdown_code = '_T' AND v.nature = t.nature AND ",
        );
        out.visible("v", self.release)?;
        // OFFSET keeps the planner from inlining the subquery, which would look up the weight once for each use.
        out.push(
            " HAVING count(*) = 1) AS weight FROM selected t WHERE t.value IS NOT NULL \
             AND t.indicator_code IN (SELECT i.code FROM facts i WHERE i.weight_indicator_code IS NOT NULL) OFFSET 0) t GROUP BY ",
        );
        list(out, keys)
    }

    /// Writes whether any group has a territory within another, and whether any has overlapping periods. Territories are first
    /// compared without their groups: these are far fewer pairs, and mostly none lies in another.
    fn double_counts(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let by: Vec<&str> = self.by.iter().map(|field| field.name).collect();
        out.push("containing AS MATERIALIZED (");
        geography::nested_pairs(out, "indicator_territories", self.geography, self.release)?;
        out.push("), group_territories AS MATERIALIZED (SELECT DISTINCT ");
        list(out, &by)?;
        out.push(if by.is_empty() { "" } else { ", " });
        // `territory_code` may be a field of the groups, so this column needs another name.
        out.push(
            "t.territory_code AS grouped_code FROM selected t WHERE t.territory_code IN \
             (SELECT s.part_code FROM containing s UNION SELECT s.container_code FROM containing s)), \
             double_counts AS (SELECT EXISTS (SELECT 1 FROM group_territories a JOIN containing s ON s.part_code = a.grouped_code \
             JOIN group_territories b ON ",
        );
        same_group(out, &by)?;
        out.push("b.grouped_code = s.container_code) AS nested, EXISTS (SELECT 1 FROM subgroups a JOIN subgroups b ON ");
        same_group(out, &by)?;
        out.push("a.period < b.period AND a.start <= b.\"end\" AND b.start <= a.\"end\") AS overlapping)");
        Ok(())
    }
}

/// Writes columns of the alias `t`.
fn list(out: &mut SqlWriter<'_, '_>, names: &[&str]) -> SqlResult {
    for (at, name) in names.iter().enumerate() {
        out.push(if at == 0 { "t." } else { ", t." });
        out.identifier(name)?;
    }
    Ok(())
}

/// Writes the condition that the aliases `a` and `b` are of the same group, and an AND.
fn same_group(out: &mut SqlWriter<'_, '_>, by: &[&str]) -> SqlResult {
    for name in by {
        out.push("a.");
        out.identifier(name)?;
        out.push(" IS NOT DISTINCT FROM b.");
        out.identifier(name)?;
        out.push(" AND ");
    }
    Ok(())
}
