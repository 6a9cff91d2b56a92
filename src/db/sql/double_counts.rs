//! Owns the SQL that finds what would be counted twice if the values of observations were put together: a territory of a group
//! within another of it, and periods of a group that overlap; also whether means would be of periods of several lengths.
//! Must not know whether that is a fault.

use chrono::NaiveDate;

use super::expected_cells;
use super::fragments::{list, same_group};
use super::geography;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::Field;
use crate::query::plan::grouping::{Function, Grouping};

/// The pairs of territories, one within the other, in whose rows a group with both is looked for first: mostly the first ones
/// show it, and all rows need not be read once more.
const FIRST_PAIRS: &str = "(SELECT * FROM containing LIMIT 50)";

/// What is found of the groups by some fields.
pub struct DoubleCounts<'b> {
    nests: bool,
    overlaps: bool,
    averages: bool,
    by: &'b [&'static Field],
    geography: Option<&'b NaiveDate>,
    release: &'b i32,
}

impl<'b> DoubleCounts<'b> {
    /// Of the groups of a grouping. Nothing is looked for if values are not put together, or if the groups differ in the
    /// territory or the period.
    pub fn new(grouping: &'b Grouping, geography: Option<&'b NaiveDate>, release: &'b i32) -> Self {
        let by = grouping.by.as_slice();
        let differ = |name: &str| by.iter().any(|field| field.name == name);
        let combines = grouping.functions.iter().any(|function| function.combines());
        let overlaps = combines && !differ("period");
        let averages = overlaps && grouping.functions.contains(&Function::Mean);
        Self { nests: combines && !differ("territory_code"), overlaps, averages, by, geography, release }
    }

    /// Whether territories within others are looked for.
    pub fn nests(&self) -> bool {
        self.nests
    }

    /// Writes the common table expressions behind [`cells`](Self::cells), after `read_series` and `subgroups`.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn write(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        if !self.nests && !self.overlaps {
            return Ok(());
        }
        if self.nests {
            out.push(", containing AS MATERIALIZED (");
            geography::nested_pairs(out, "read_series", self.geography, self.release)?;
            out.push(")");
        }
        out.push(", double_counts AS MATERIALIZED (SELECT ");
        self.nested(out)?;
        out.push(" AS nested, ");
        self.overlapping(out)?;
        out.push(" AS overlapping, ");
        self.uneven(out)?;
        out.push(" AS uneven)");
        Ok(())
    }

    /// Writes the cells: whether any group has a territory within another, whether any has overlapping periods, and whether any has
    /// periods of several lengths.
    pub fn cells(&self, out: &mut SqlWriter<'_, 'b>) {
        out.push(if self.nests { "(SELECT nested FROM double_counts)::text, " } else { "'false', " });
        out.push(if self.overlaps { "(SELECT overlapping FROM double_counts)::text, " } else { "'false', " });
        out.push(if self.averages { "(SELECT uneven FROM double_counts)::text" } else { "'false'" });
    }

    fn nested(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        match (self.nests, self.by.is_empty()) {
            (false, _) => out.push("false"),
            (true, true) => out.push("EXISTS (SELECT 1 FROM containing)"),
            (true, false) => {
                out.push("EXISTS (SELECT 1 FROM ");
                out.push(FIRST_PAIRS);
                out.push(
                    " s JOIN selected a ON a.territory_code = s.part_code JOIN selected b ON b.territory_code = s.container_code",
                );
                same_group(out, self.by)?;
                // Territories are first compared without their groups: these are far fewer pairs, and mostly none lies in another.
                let names: Vec<&str> = self.by.iter().map(|field| field.name).collect();
                out.push(") OR EXISTS (WITH grouped AS MATERIALIZED (SELECT DISTINCT ");
                list(out, &names)?;
                out.push(
                    ", t.territory_code AS grouped_code FROM selected t WHERE t.territory_code IN \
                     (SELECT s.part_code FROM containing s UNION SELECT s.container_code FROM containing s)) \
                     SELECT 1 FROM grouped a JOIN containing s ON s.part_code = a.grouped_code \
                     JOIN grouped b ON b.grouped_code = s.container_code",
                );
                same_group(out, self.by)?;
                out.push(")");
            }
        }
        Ok(())
    }

    fn overlapping(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        if !self.overlaps {
            out.push("false");
            return Ok(());
        }
        let names: Vec<&str> = self.by.iter().map(|field| field.name).collect();
        let periods = |out: &mut SqlWriter<'_, 'b>| -> SqlResult {
            out.push("(SELECT DISTINCT t.period, t.start, t.\"end\"");
            out.push(if names.is_empty() { "" } else { ", " });
            list(out, &names)?;
            out.push(" FROM subgroups t)");
            Ok(())
        };
        out.push("EXISTS (SELECT 1 FROM ");
        periods(out)?;
        out.push(" a JOIN ");
        periods(out)?;
        out.push(" b ON a.period < b.period AND a.start <= b.\"end\" AND b.start <= a.\"end\"");
        same_group(out, self.by)?;
        out.push(")");
        Ok(())
    }

    fn uneven(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        if !self.averages {
            out.push("false");
            return Ok(());
        }
        out.push("EXISTS (SELECT FROM (SELECT DISTINCT ");
        for field in self.by {
            out.column("t", field.name)?;
            out.push(", ");
        }
        expected_cells::span(out);
        out.push(" AS span FROM subgroups t) t");
        if !self.by.is_empty() {
            out.push(" GROUP BY ");
            out.list(self.by, |out, field| out.column("t", field.name))?;
        }
        out.push(" HAVING count(*) > 1)");
        Ok(())
    }
}
