//! Owns the SQL of why a row of the alias `t` with an operation was withdrawn, and by what it is replaced.
//! Must not know how changes are found.

use diesel::sql_types::{Integer, Text};

use crate::db::sql::codes;
use crate::db::sql::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::Dataset;

/// Writes the reason: the recorded one, else the title of the release that closed the row.
///
/// # Errors
/// Returns an error if a value cannot be bound.
pub fn reason<'b>(out: &mut SqlWriter<'_, 'b>, dataset: &'static Dataset, release: &'b i32) -> SqlResult {
    out.push("coalesce(");
    record(out, dataset, release, "reason")?;
    out.push(", (SELECT r.title FROM releases r WHERE t.operation = 'withdraw' AND r.number = ");
    out.bind::<Integer, _>(release)?;
    out.push("))");
    Ok(())
}

/// Writes the code of the row that replaces it.
///
/// # Errors
/// Returns an error if a value cannot be bound.
pub fn successor<'b>(out: &mut SqlWriter<'_, 'b>, dataset: &'static Dataset, release: &'b i32) -> SqlResult {
    record(out, dataset, release, "successor_code")
}

/// Writes a cell of the record of the withdrawal.
fn record<'b>(out: &mut SqlWriter<'_, 'b>, dataset: &'static Dataset, release: &'b i32, column: &'static str) -> SqlResult {
    out.push("(SELECT w.");
    out.push(column);
    out.push(" FROM withdrawals w WHERE t.operation = 'withdraw' AND w.dataset = ");
    out.bind::<Text, _>(dataset.name)?;
    out.push(" AND w.code = ");
    codes::code(out, dataset, "t")?;
    out.push(" AND w.release = ");
    out.bind::<Integer, _>(release)?;
    out.push(")");
    Ok(())
}
