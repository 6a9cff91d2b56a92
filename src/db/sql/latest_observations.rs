//! Owns the latest observations: the function of the database that returns those of a release.
//! Must not know when they are read.

use diesel::sql_types::Integer;

use super::writer::{SqlResult, SqlText, SqlWriter};

/// Writes the latest observation with a value of each series at a release, as a table.
///
/// # Errors
/// Returns an error if the number cannot be bound.
pub fn table<'b>(out: &mut SqlWriter<'_, 'b>, release: &'b i32) -> SqlResult {
    out.push("latest_observations(");
    out.bind::<Integer, _>(release)?;
    out.push(")");
    Ok(())
}
