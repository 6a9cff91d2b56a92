//! Owns the SQL that groups payments and commitments in two steps: first into subgroups, whose rows have the same qualifier,
//! then into groups. Whether a group mixes values is a comparison of the least with the greatest: to count distinct values the
//! database would sort the rows once for each column.
//! Must not know how the rows are selected, nor whether they may be added up.

use super::fragments::list;
use super::money_double_counts::MoneyDoubleCounts;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::{Grouping, Plan};

/// The aggregates of a subgroup after its key.
const SUBGROUP: &str = ", count(*) AS rows, count(t.amount_eur) AS present, sum(t.amount_eur) AS sum, \
    min(t.amount_eur) AS least, max(t.amount_eur) AS most, min(t.source_code) AS least_source, max(t.source_code) AS most_source, \
    min(t.stage) AS least_stage, max(t.stage) AS most_stage FROM selected t GROUP BY ";

/// The first cells of a group, in the order of `CELLS` of [`super::aggregate`]. Each row is expected.
const CELLS: &str = "sum(t.rows)::text, sum(t.present)::text, '0', '0', sum(t.rows)::text, sum(t.sum)::text, \
    trim_scale(round(sum(t.sum) / nullif(sum(t.present), 0), 6))::text, NULL::text, '0', min(t.least)::text, max(t.most)::text, \
    string_agg(DISTINCT t.grouped_qualifier, ',') FILTER (WHERE t.present > 0), 'A', '1', '1', \
    CASE WHEN min(t.least_source) = max(t.most_source) THEN '1' ELSE '2' END, '1', \
    CASE WHEN min(t.least_stage) = max(t.most_stage) THEN '1' ELSE '2' END, '1', '1', ";

/// The common table expressions that group the one named `selected`.
pub struct MoneyGroups<'b> {
    grouping: &'b Grouping,
    double_counts: MoneyDoubleCounts<'b>,
}

impl<'b> MoneyGroups<'b> {
    /// Groups the rows of a plan by the fields of its grouping at a release, in the geography of the plan.
    pub fn new(plan: &'b Plan, grouping: &'b Grouping, release: &'b i32) -> Self {
        Self { grouping, double_counts: MoneyDoubleCounts::new(&grouping.by, plan.selection.geography.as_ref(), release) }
    }

    /// Writes the common table expressions that [`cells`](Self::cells) uses, after others.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn write(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let by: Vec<&str> = self.grouping.by.iter().map(|field| field.name).collect();
        out.push(", subgroups AS MATERIALIZED (SELECT t.qualifier AS grouped_qualifier");
        self.fields(out, &by)?;
        out.push(SUBGROUP);
        out.push("t.qualifier");
        self.fields(out, &by)?;
        out.push(")");
        if self.combines() {
            // Few flows have co-funders.
            out.push(", cofunded AS MATERIALIZED (SELECT EXISTS (SELECT 1 FROM selected t WHERE t.cofunding_group IS NOT NULL GROUP BY t.cofunding_group");
            self.fields(out, &by)?;
            out.push(" HAVING count(*) > 1) AS found)");
            self.double_counts.write(out)?;
        }
        Ok(())
    }

    /// Writes the cells of a group.
    pub fn cells(&self, out: &mut SqlWriter<'_, 'b>) {
        out.push(CELLS);
        if !self.combines() {
            return out.push("'false', 'false', 'false', 'false'");
        }
        self.double_counts.cell(out);
        out.push(", 'false', 'false', (SELECT found FROM cofunded)::text");
    }

    fn combines(&self) -> bool {
        self.grouping.functions.iter().any(|function| function.combines())
    }

    fn fields(&self, out: &mut SqlWriter<'_, '_>, by: &[&str]) -> SqlResult {
        if by.is_empty() {
            return Ok(());
        }
        out.push(", ");
        list(out, by)
    }
}
