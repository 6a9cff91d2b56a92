//! Owns the SQL of sizes that the database knows without reading the rows: those of tables, and the number of selected series.
//! Must not know which size is too large.

use diesel::sql_types::{Array, BigInt, Text, Untyped};

use super::selected_rows::SelectedRows;
use super::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::Plan;

/// The rows of tables in their order, as their last analysis found them; 0 before the first.
pub struct TableSizes(pub Vec<&'static str>);

impl TableSizes {
    /// Writes the statement.
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push("SELECT greatest(c.reltuples, 0)::bigint::text FROM unnest(");
        out.bind::<Array<Text>, _>(&self.0)?;
        out.push(") WITH ORDINALITY AS n(name, at) JOIN pg_class c ON c.oid = to_regclass(n.name) ORDER BY n.at");
        Ok(())
    }
}

statement!(TableSizes, Untyped);

/// The number of series in which a plan selects rows, at most a limit. Conditions on the rows of a series are left out.
pub struct SelectedSeries<'a> {
    series: &'static str,
    rows: SelectedRows<'a>,
    limit: i64,
}

impl<'a> SelectedSeries<'a> {
    /// The series of a plan in a table of series.
    pub fn new(plan: &'a Plan, series: &'static str, release: i32, limit: i64) -> Self {
        Self { series, rows: SelectedRows::new(plan, release, false), limit }
    }

    /// Writes the statement.
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.uncached();
        if self.rows.is_own() {
            out.push("WITH ");
            self.rows.members(out)?;
            out.push("counted AS (SELECT 1) ");
        }
        out.push("SELECT count(*)::text FROM (SELECT FROM ");
        out.identifier(self.series)?;
        out.push(" t");
        self.rows.where_series(out)?;
        out.push(" LIMIT ");
        out.bind::<BigInt, _>(&self.limit)?;
        out.push(") selected");
        Ok(())
    }
}

statement!(SelectedSeries<'_>, Untyped);
