//! Owns the SQL of the cells that groups of observations expect.
//!
//! A *kind of figure* is an indicator, a breakdown, a nature, a source and a length of period. Of each kind, a cell is expected for
//! every territory and every period that the selection has a figure of. A group expects the cells that fall in it.
//!
//! All is computed from subgroups and series, of which there are few. Rows are read again only of kinds whose series mix months,
//! quarters and years: which territory has which of them is in the rows alone.
//! Must not know which cells are present.

use diesel::sql_types::BigInt;

use super::fragments::list;
use super::selected_rows::SelectedRows;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::Field;
use crate::query::plan::grouping::GROUPS;

/// What makes a kind of figure, besides the length of its periods.
pub const KIND: [&str; 4] = ["indicator_code", "breakdown_code", "nature", "source_code"];

/// The column that stands for the kind of a figure beside its indicator, where values are not put together. A key of three more
/// columns would make counting take half as long again; and mostly no indicator has several kinds.
const JOINED_KIND: &str = "kind";

/// The value of that column for the row `t`. The subquery does not depend on the row.
const JOINED_KIND_OF_ROW: &str = "CASE WHEN (SELECT u.uniform FROM uniform_kinds u) THEN '' \
    ELSE t.breakdown_code || '~' || t.nature || '~' || t.source_code END AS kind";

/// The length of the period `t.period`: `M` with a number of months if it begins and ends with a month, else `D` with a number of
/// days.
const SPAN: &str = "CASE WHEN length(t.period) = 4 THEN 'M12' WHEN length(t.period) = 10 THEN 'D1' \
    WHEN length(t.period) < 10 THEN CASE WHEN substr(t.period, 6, 1) = 'Q' THEN 'M3' ELSE 'M1' END \
    WHEN substr(t.period, 9, 2) = '01' AND substr((right(t.period, 10)::date + 1)::text, 9, 2) = '01' \
    THEN 'M' || 12 * (date_part('year', right(t.period, 10)::date + 1) - left(t.period, 4)::integer) \
    + date_part('month', right(t.period, 10)::date + 1) - substr(t.period, 6, 2)::integer \
    ELSE 'D' || right(t.period, 10)::date - left(t.period, 10)::date + 1 END";

/// One more than the most groups of a request.
static MOST_GROUPS: i64 = GROUPS + 1;

/// Writes the length of the period of `t`.
pub fn span(out: &mut SqlWriter<'_, '_>) {
    out.push(SPAN);
}

/// The expected cells of the groups by some fields.
pub struct ExpectedCells<'b> {
    by: &'b [&'static Field],
    /// The columns that make a kind.
    kind: Vec<&'static str>,
}

impl<'b> ExpectedCells<'b> {
    /// Of groups by these fields, whose values are put together or not.
    pub fn new(by: &'b [&'static Field], combines: bool) -> Self {
        let own = by.iter().map(|field| field.name).filter(|name| KIND[1..].contains(name));
        let kind = if combines { KIND.to_vec() } else { [KIND[0], JOINED_KIND].into_iter().chain(own).collect() };
        Self { by, kind }
    }

    /// Whether a column of the rows stands for their kind.
    fn is_joined(&self) -> bool {
        self.kind.contains(&JOINED_KIND)
    }

    /// Writes the common table expression, with a comma, that says whether each indicator of the selected series has one kind, if that
    /// matters.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn uniform(&self, out: &mut SqlWriter<'_, 'b>, rows: &'b SelectedRows<'b>) -> SqlResult {
        if !self.is_joined() {
            return Ok(());
        }
        out.push("uniform_kinds AS MATERIALIZED (SELECT NOT EXISTS (SELECT FROM (SELECT DISTINCT ");
        list(out, &KIND)?;
        out.push(" FROM series t");
        rows.where_series(out)?;
        out.push(") t GROUP BY t.indicator_code HAVING count(*) > 1) AS uniform), ");
        Ok(())
    }

    /// Writes the column of the kind of the row `t`, after others.
    pub fn kind_of_row(&self, out: &mut SqlWriter<'_, 'b>) {
        if self.is_joined() {
            out.push(", ");
            out.push(JOINED_KIND_OF_ROW);
        }
    }

    /// Writes the name of that column, after others.
    pub fn kind_of_subgroup(&self, out: &mut SqlWriter<'_, 'b>) {
        out.push(if self.is_joined() { ", kind" } else { "" });
    }

    /// Writes the equality of the kinds of two tables, and of the lengths of their periods if they have them.
    fn using_kind(&self, out: &mut SqlWriter<'_, 'b>, with_span: bool) -> SqlResult {
        out.push(" USING (");
        out.list(&self.kind, |out, name| out.identifier(name))?;
        out.push(if with_span { ", span)" } else { ")" });
        Ok(())
    }

    fn is_by(&self, name: &str) -> bool {
        self.by.iter().any(|field| field.name == name)
    }

    /// The fields of the groups that are no territory and not of the kind: the period, its first or its last day.
    fn of_time(&self) -> impl Iterator<Item = &'static str> {
        self.by.iter().map(|field| field.name).filter(|name| *name != "territory_code" && !KIND.contains(name))
    }

    /// Writes the common table expressions behind [`cell`](Self::cell), after `selected`, `subgroups` and, unless the groups differ
    /// in the territory, `read_series`.
    ///
    /// # Errors
    /// Returns an error if a name cannot be quoted.
    pub fn write(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push(", kind_periods AS MATERIALIZED (SELECT DISTINCT ");
        let mut columns: Vec<&str> = self.kind.iter().copied().chain(["period"]).collect();
        columns.extend(self.of_time().filter(|name| *name != "period"));
        list(out, &columns)?;
        out.push(", ");
        span(out);
        out.push(" AS span FROM subgroups t)");
        if self.is_by("territory_code") {
            self.territories(out)?
        } else {
            self.sizes(out)?
        }
        out.push(", expected AS MATERIALIZED (SELECT ");
        match (self.is_by("territory_code"), self.of_time().next().is_some()) {
            (false, _) => {
                self.fields(out)?;
                out.push("sum(z.territories) AS cells FROM kind_periods t JOIN kind_sizes z");
                self.using_kind(out, true)?;
            }
            (true, false) => {
                self.fields(out)?;
                out.push("sum(p.periods) AS cells FROM kind_territories t JOIN (SELECT ");
                list(out, &self.kind)?;
                out.push(", t.span, count(*) AS periods FROM kind_periods t GROUP BY ");
                list(out, &self.kind)?;
                out.push(", t.span) p");
                self.using_kind(out, true)?;
            }
            (true, true) => {
                // Of more groups the request is refused.
                let groups: Vec<&str> = self.by.iter().map(|field| field.name).collect();
                self.fields(out)?;
                out.push("count(*) AS cells FROM (SELECT DISTINCT ");
                list(out, &groups)?;
                out.push(" FROM subgroups t LIMIT ");
                out.bind::<BigInt, _>(&MOST_GROUPS)?;
                out.push(") t JOIN kind_territories r ON r.territory_code = t.territory_code");
                self.equal(out, "r", |name| KIND.contains(&name))?;
                out.push(" JOIN kind_periods p ON p.span = r.span");
                for name in &self.kind {
                    out.push(" AND p.");
                    out.identifier(name)?;
                    out.push(" = r.");
                    out.identifier(name)?;
                }
                self.equal(out, "p", |name| name != "territory_code" && !KIND.contains(&name))?;
            }
        }
        if !self.by.is_empty() {
            out.push(" GROUP BY ");
            out.list(self.by, |out, field| out.column("t", field.name))?;
        }
        out.push(")");
        Ok(())
    }

    /// Writes the territories of each kind, which the subgroups name.
    fn territories(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push(", kind_territories AS MATERIALIZED (SELECT DISTINCT ");
        list(out, &self.kind)?;
        out.push(", t.territory_code, ");
        span(out);
        out.push(" AS span FROM subgroups t)");
        Ok(())
    }

    /// Writes the number of territories of each kind.
    fn sizes(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push(", kind_lengths AS MATERIALIZED (SELECT ");
        list(out, &self.kind)?;
        out.push(", min(t.span) AS span, min(t.span) <> max(t.span) AS mixed FROM kind_periods t GROUP BY ");
        list(out, &self.kind)?;
        out.push("), kind_sizes AS MATERIALIZED (SELECT ");
        list(out, &self.kind)?;
        out.push(", l.span, count(*) AS territories FROM read_series t JOIN kind_lengths l");
        self.using_kind(out, false)?;
        out.push(" WHERE NOT l.mixed GROUP BY ");
        list(out, &self.kind)?;
        out.push(", l.span UNION ALL SELECT ");
        list(out, &self.kind)?;
        out.push(", t.span, count(*) FROM (SELECT DISTINCT ");
        let columns: Vec<&str> = self.kind.iter().copied().filter(|name| *name != JOINED_KIND).collect();
        list(out, &columns)?;
        self.kind_of_row(out);
        out.push(", t.territory_code, ");
        span(out);
        out.push(
            " AS span FROM selected t WHERE t.indicator_code = ANY(ARRAY(SELECT l.indicator_code FROM kind_lengths l WHERE l.mixed))) t \
             JOIN kind_lengths l",
        );
        self.using_kind(out, false)?;
        out.push(" WHERE l.mixed GROUP BY ");
        list(out, &self.kind)?;
        out.push(", t.span)");
        Ok(())
    }

    /// Writes the join of the subgroups `t` with the expected cells of their group, as the alias `e`.
    ///
    /// # Errors
    /// Returns an error if a name cannot be quoted.
    pub fn join(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push(" LEFT JOIN expected e ON true");
        self.equal(out, "e", |_| true)
    }

    /// Writes the cell: the number of expected cells of a group.
    pub fn cell(&self, out: &mut SqlWriter<'_, 'b>) {
        out.push("min(e.cells)::text, ");
    }

    /// Writes the fields of the groups, each with a comma.
    fn fields(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        for field in self.by {
            out.column("t", field.name)?;
            out.push(", ");
        }
        Ok(())
    }

    /// Writes the condition, after an AND, that some fields of the groups are equal in `t` and another alias.
    fn equal(&self, out: &mut SqlWriter<'_, 'b>, alias: &'static str, is_compared: impl Fn(&'static str) -> bool) -> SqlResult {
        for field in self.by.iter().filter(|field| is_compared(field.name)) {
            out.push(" AND ");
            out.column(alias, field.name)?;
            out.push(" = ");
            out.column("t", field.name)?;
        }
        Ok(())
    }
}
