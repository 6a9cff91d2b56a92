//! Owns how many rows a statement about all rows of a plan would read, about: what the database knows without reading them.
//! Must not know how many are too many.

use diesel::QueryResult;

use crate::db::ReadingConnection;
use crate::db::sql::select;
use crate::db::sql::selected_rows;
use crate::db::sql::table_sizes::{SelectedSeries, TableSizes};
use crate::query::{Plan, Row, Storage};

/// About how many rows the statement would read, if that is more than `bound`; else `None`. In a dataset that is stored as
/// series those of the selected series count, all periods of each; in another one only a selection without a filter.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn beyond(connection: &ReadingConnection, plan: &Plan, release: i32, bound: i64) -> QueryResult<Option<i64>> {
    let dataset = plan.selection.context.dataset;
    let tables = match (dataset.storage, plan.is_latest_of_series()) {
        (Storage::Table, _) => vec![dataset.name],
        (Storage::Series { series, .. }, true) => vec![series, series],
        (Storage::Series { series, rows }, false) => vec![rows, series],
    };
    let sizes = numbers(&select::load(connection, TableSizes(tables)).await?);
    let rows = sizes.first().copied().unwrap_or(0);
    if rows <= bound {
        return Ok(None);
    }
    let Storage::Series { series, .. } = dataset.storage else {
        return Ok((!selected_rows::is_filtered(plan)).then_some(rows));
    };
    if !selected_rows::is_filtered(plan) {
        return Ok(Some(rows));
    }
    let all = sizes.get(1).copied().unwrap_or(0).max(1);
    let limit = all.saturating_add(1);
    let found = select::load(connection, SelectedSeries::new(plan, series, release, limit)).await?;
    let selected = numbers(&found).first().copied().unwrap_or(0);
    let read = i128::from(rows) * i128::from(selected.min(all)) / i128::from(all);
    Ok(i64::try_from(read).ok().filter(|read| *read > bound))
}

fn numbers(rows: &[Row]) -> Vec<i64> {
    rows.iter().filter_map(|row| row.cell(0)?.parse().ok()).collect()
}
