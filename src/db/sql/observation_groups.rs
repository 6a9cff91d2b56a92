//! Owns the SQL that gathers observations: first into strata, rows that are alike in all that is judged, then into groups.
//!
//! Millions of rows make some hundred strata, by hashing; to count the different values of many columns of the rows
//! themselves would sort them once for each column.
//! Must not know how the rows are selected, nor judge what they say.

use chrono::NaiveDate;

use super::fragments;
use super::writer::{Out, SqlText, SqlWriter};
use crate::query::Field;
use crate::query::plan::grouping::Grouping;

/// What makes a stratum beside the fields that groups are made by: by these each group is judged.
/// Their number is what decides whether rows are hashed or sorted, hence no column that another one implies.
const ALIKE: [&str; 4] = ["indicator_code", "period", "qualifier", "statuses"];

/// What is said of each stratum beside them; after the values, their weights.
const SUMMED: [&str; 2] = [
    ", count(*) AS rows, count(t.value) AS present, count(*) FILTER (WHERE t.value IS NULL AND t.statuses && '{Q}') AS suppressed, \
     sum(t.value) AS sum",
    ", NULL::numeric AS weighted, NULL::numeric AS weight, 0::bigint AS weighed, \
     min(t.period_start) AS start, max(t.period_end) AS \"end\", \
     min(t.nature) AS least_nature, max(t.nature) AS most_nature, min(t.source_code) AS least_source, max(t.source_code) AS most_source, \
     min(t.breakdown) AS least_breakdown, max(t.breakdown) AS most_breakdown, \
     min(t.territory_code) AS least_territory, max(t.territory_code) AS most_territory",
];

/// What is said of it where values are compared, and where they are not.
const EXTREMES: &str = ", min(t.value) AS least, max(t.value) AS most";
const NO_EXTREMES: &str = ", NULL::numeric AS least, NULL::numeric AS most";

/// The same columns of a stratum that tells weights only, of the values that have one.
const WEIGHTS: &str = ", 0, 0, 0, NULL, NULL, NULL, sum(t.value * t.weight), sum(t.weight), count(t.weight), \
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL";

/// The cells of a group of observations, in the order of `CELLS` and `INDICATOR_CELLS` of `aggregate`. Of what must not be
/// mixed the number of different values is only told as far as 2.
pub const CELLS: &str = "sum(t.rows)::text, sum(t.present)::text, sum(t.suppressed)::text, \
    (SELECT r.territories FROM reach r WHERE r.indicator_code = min(t.indicator_code))::text, \
    sum(t.sum)::text, trim_scale(round(sum(t.sum) / nullif(sum(t.present), 0), 6))::text, \
    trim_scale(round(sum(t.weighted) / nullif(sum(t.weight), 0), 6))::text, sum(t.weighed)::text, min(t.least)::text, max(t.most)::text, \
    string_agg(DISTINCT t.qualifier, ',') FILTER (WHERE t.present > 0), string_agg(DISTINCT array_to_string(t.statuses, ','), ','), \
    CASE WHEN min(t.indicator_code) = max(t.indicator_code) THEN '1' ELSE '2' END, \
    CASE WHEN min(t.least_nature) = max(t.most_nature) THEN '1' ELSE '2' END, \
    CASE WHEN min(t.least_source) = max(t.most_source) THEN '1' ELSE '2' END, \
    CASE WHEN min(t.least_breakdown) = max(t.most_breakdown) THEN '1' ELSE '2' END, '1', \
    CASE WHEN min(t.least_territory) = max(t.most_territory) THEN '1' ELSE '2' END, \
    CASE WHEN min(t.period) = max(t.period) THEN '1' ELSE '2' END, \
    (SELECT nested FROM doubles)::text, (SELECT overlapping FROM doubles)::text, 'false', \
    min(t.indicator_code), min(i.territory_additivity), min(i.time_additivity), min(i.unit)";

/// Where the cells are taken from.
pub const FROM: &str = " FROM strata t JOIN facts i ON i.code = t.indicator_code";

/// The strata of the named query `chosen`.
pub struct Strata<'b> {
    compares: bool,
    may_weight: bool,
    by: &'b [&'static Field],
    geography: Option<&'b NaiveDate>,
    release: &'b i32,
}

impl<'b> Strata<'b> {
    /// The strata of groups by these fields, of which a grouping says what is computed, at a release, in the geography of a
    /// day.
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

    /// Writes the named queries that [`CELLS`] and [`FROM`] use, after others.
    pub fn write(&self, out: &mut SqlWriter<'_, 'b>) -> Out {
        out.push(", facts AS MATERIALIZED (SELECT i.* FROM indicators i WHERE ");
        out.visible("i", self.release)?;
        out.push("), ");
        self.strata(out)?;
        out.push(
            ", seen AS MATERIALIZED (SELECT DISTINCT t.indicator_code, t.territory_code FROM chosen t), \
             reach AS MATERIALIZED (SELECT t.indicator_code, count(*) AS territories FROM seen t GROUP BY t.indicator_code), ",
        );
        self.doubles(out)
    }

    fn strata(&self, out: &mut SqlWriter<'_, 'b>) -> Out {
        let own = self.by.iter().map(|field| field.name).filter(|name| !ALIKE.contains(name));
        let keys: Vec<&str> = ALIKE.into_iter().chain(own).collect();
        out.push("strata AS MATERIALIZED (SELECT ");
        list(out, &keys)?;
        let extremes = if self.compares { EXTREMES } else { NO_EXTREMES };
        [SUMMED[0], extremes, SUMMED[1], " FROM chosen t GROUP BY "].iter().for_each(|part| out.push(part));
        list(out, &keys)?;
        if self.may_weight {
            self.weights(out, &keys)?;
        }
        out.push(")");
        Ok(())
    }

    /// Adds strata of the weights. They are apart since few indicators have any: the database gathers the values with several
    /// processes at once only where it need not look up anything for a row.
    fn weights(&self, out: &mut SqlWriter<'_, 'b>, keys: &[&str]) -> Out {
        out.push(" UNION ALL SELECT ");
        list(out, keys)?;
        out.push(WEIGHTS);
        out.push(" FROM (SELECT ");
        list(out, keys)?;
        out.push(
            ", t.value, (SELECT max(v.value) FROM facts i JOIN observations v ON v.indicator_code = i.weight_indicator_code \
             WHERE i.code = t.indicator_code AND v.territory_code = t.territory_code AND v.period = t.period \
             AND v.breakdown = '_T' AND v.nature = t.nature AND ",
        );
        out.visible("v", self.release)?;
        // The offset keeps the weight from being looked up once for each place that it is used in.
        out.push(
            " HAVING count(*) = 1) AS weight FROM chosen t WHERE t.value IS NOT NULL \
             AND t.indicator_code IN (SELECT i.code FROM facts i WHERE i.weight_indicator_code IS NOT NULL) OFFSET 0) t GROUP BY ",
        );
        list(out, keys)
    }

    /// Whether any group has a territory within another, and whether any has overlapping periods. Territories are first
    /// looked at without their groups, which are far fewer: mostly none lies in another.
    fn doubles(&self, out: &mut SqlWriter<'_, 'b>) -> Out {
        let by: Vec<&str> = self.by.iter().map(|field| field.name).collect();
        out.push("containing AS MATERIALIZED (SELECT DISTINCT s.contained_code, s.container_code FROM (SELECT DISTINCT t.territory_code FROM seen t) a JOIN ");
        fragments::of_day(out, "containments", self.geography, self.release)?;
        out.push(" s ON s.contained_code = a.territory_code AND s.container_code <> a.territory_code AND ");
        out.visible("s", self.release)?;
        out.push(" WHERE s.container_code IN (SELECT t.territory_code FROM seen t)), places AS MATERIALIZED (SELECT DISTINCT ");
        list(out, &by)?;
        out.push(if by.is_empty() { "" } else { ", " });
        out.push(
            "t.territory_code AS place FROM chosen t WHERE t.territory_code IN \
             (SELECT s.contained_code FROM containing s UNION SELECT s.container_code FROM containing s)), \
             doubles AS (SELECT EXISTS (SELECT 1 FROM places a JOIN containing s ON s.contained_code = a.place JOIN places b ON ",
        );
        same(out, &by)?;
        out.push("b.place = s.container_code) AS nested, EXISTS (SELECT 1 FROM strata a JOIN strata b ON ");
        same(out, &by)?;
        out.push("a.period < b.period AND a.start <= b.\"end\" AND b.start <= a.\"end\") AS overlapping)");
        Ok(())
    }
}

/// Writes columns of the alias `t`.
fn list(out: &mut SqlWriter<'_, '_>, names: &[&str]) -> Out {
    for (at, name) in names.iter().enumerate() {
        out.push(if at == 0 { "t." } else { ", t." });
        out.identifier(name)?;
    }
    Ok(())
}

/// Writes that two aliases are of the same group, and what else follows.
fn same(out: &mut SqlWriter<'_, '_>, by: &[&str]) -> Out {
    for name in by {
        out.push("a.");
        out.identifier(name)?;
        out.push(" IS NOT DISTINCT FROM b.");
        out.identifier(name)?;
        out.push(" AND ");
    }
    Ok(())
}
