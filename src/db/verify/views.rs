//! Owns the check of the views that show the rows of several tables: each shows what its tables hold.
//! Must not know what the rows mean.

use super::checks::Findings;
use crate::db::DbError;
use crate::db::connection::config::Transaction;
use crate::query::{Dataset, Field, Storage};

/// Compares what the view of each dataset shows with its tables, as the program joins them. The number of rows and the sum of their
/// hashes stand for the rows.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn check(
    transaction: &Transaction<'_>,
    registry: &'static [&'static Dataset],
    findings: &mut Findings,
) -> Result<(), DbError> {
    for dataset in registry {
        let Storage::Series { series, rows } = dataset.storage else { continue };
        let stored = |field: &Field| match (dataset.is_series_field(field), field.is_list()) {
            (true, _) => format!("s.\"{}\"", field.name),
            (false, true) => format!("string_to_array(r.\"{}\", ',')", field.name),
            (false, false) => format!("r.\"{}\"", field.name),
        };
        let tables = summary(dataset.columns().map(stored), &format!("\"{rows}\" r JOIN \"{series}\" s ON s.id = r.series_id"));
        let view = summary(dataset.columns().map(|field| format!("r.\"{}\"", field.name)), &format!("\"{}\" r", dataset.name));
        let query = format!("SELECT ({tables}) IS DISTINCT FROM ({view})");
        if transaction.query_one(&query, &[]).await?.get(0) {
            let detail = format!("does not show the rows of {series} and {rows}");
            findings.push("protection", dataset.name, None, detail);
        }
    }
    Ok(())
}

/// The SELECT of the number of rows and of the sum of their hashes.
fn summary(fields: impl Iterator<Item = String>, from: &str) -> String {
    let fields: Vec<String> = fields.collect();
    format!(
        "SELECT ROW(count(*), sum(hashtextextended(ROW({}, r.first_release, r.last_release)::text, 0))) FROM {from}",
        fields.join(", ")
    )
}
