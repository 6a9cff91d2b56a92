//! Owns the rows of a dataset that is stored as series, as a table with the number of the series of each.
//! Must not know which rows are selected, nor what is computed from them.

use diesel::sql_types::Integer;

use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::Dataset;

/// Writes the rows of a dataset that is stored as series, as a table: its columns, the number of the series, and the statuses as
/// they are stored. With `latest`, only the latest row with a value of each series at that release.
///
/// # Errors
/// Returns an error if a value cannot be bound.
pub fn numbered<'b>(
    out: &mut SqlWriter<'_, 'b>,
    dataset: &'static Dataset,
    (series, rows): (&'static str, &'static str),
    latest: Option<&'b i32>,
) -> SqlResult {
    out.push("(SELECT f.series_id, f.statuses AS joined_statuses, f.first_release, f.last_release");
    for field in dataset.columns() {
        out.push(if field.is_list() { ", string_to_array(" } else { ", " });
        out.column(if dataset.is_series_field(field) { "s" } else { "f" }, field.name)?;
        if field.is_list() {
            out.push(", ',') COLLATE \"C\" AS ");
            out.identifier(field.name)?;
        }
    }
    out.push(" FROM ");
    out.identifier(series)?;
    out.push(if latest.is_some() { " s CROSS JOIN LATERAL (SELECT l.* FROM " } else { " s JOIN " });
    out.identifier(rows)?;
    let Some(release) = latest else {
        out.push(" f ON f.series_id = s.id)");
        return Ok(());
    };
    out.push(" l WHERE l.series_id = s.id AND l.value IS NOT NULL AND l.first_release <= ");
    out.bind::<Integer, _>(release)?;
    out.push(" AND (l.last_release IS NULL OR l.last_release >= ");
    out.bind::<Integer, _>(release)?;
    out.push(") ORDER BY l.period_end DESC, l.period_start DESC, l.period DESC LIMIT 1) f)");
    Ok(())
}
