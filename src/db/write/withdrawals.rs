//! Owns the withdrawal of rows: a row is closed and the reason recorded, and no current row may still refer to it.
//! Must not know who withdraws a row.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::staging::Excerpt;
use crate::db::DbError;
use crate::db::connection::config::{ToSql, Transaction};
use crate::db::connection::diesel_client::DieselClient;
use crate::db::schema::withdrawals;
use crate::db::sql::text;
use crate::query::{Dataset, Field, Storage};

/// The most rows that are listed of those that refer to a withdrawn one.
const SHOWN: usize = 20;

/// The rows of one INSERT. A statement can have 65,535 binds.
const RECORDED: usize = 1000;

/// Closes the current rows with these codes before release `number`, by one statement for all. Returns for each code whether it
/// closed a row; of a repeated code only one does.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn close(
    transaction: &Transaction<'_>,
    dataset: &'static Dataset,
    codes: &[String],
    number: i32,
) -> Result<Vec<bool>, DbError> {
    let mut closed = vec![false; codes.len()];
    let mut places: Vec<i64> = Vec::new();
    let mut parts: Vec<Vec<String>> = vec![Vec::new(); dataset.key.len()];
    for (place, code) in (0..).zip(codes) {
        let Some(split) = dataset.split_code(code) else { continue };
        places.push(place);
        parts.iter_mut().zip(split).for_each(|(texts, (_, text))| texts.push(text));
    }
    let arrays: String = (2..).take(parts.len()).map(|at| format!(", ${at}::text[]")).collect();
    let names: String = (0..parts.len()).map(|at| format!(", k{at}")).collect();
    let (series, of_series) = match dataset.storage {
        Storage::Series { series, .. } => (format!(" CROSS JOIN \"{series}\" r"), " AND t.series_id = r.id"),
        Storage::Table => (String::new(), ""),
    };
    let same = dataset.key_fields().zip(0..).map(|(field, at)| {
        let alias = if !of_series.is_empty() && dataset.is_series_field(field) { "r" } else { "t" };
        format!(" AND {alias}.\"{}\"::text = a.k{at}", field.name)
    });
    let same: String = same.collect();
    let close = format!(
        "UPDATE \"{}\" t SET last_release = {} FROM unnest($1::int8[]{arrays}) AS a(place{names}){series} \
         WHERE t.last_release IS NULL AND t.first_release < {number}{of_series}{same} RETURNING a.place",
        dataset.versions_table(),
        number - 1
    );
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&places];
    values.extend(parts.iter().map(|texts| texts as &(dyn ToSql + Sync)));
    for row in transaction.query(&close, &values).await? {
        let place = usize::try_from(row.get::<_, i64>(0)).ok();
        if let Some(found) = place.and_then(|place| closed.get_mut(place)) {
            *found = true;
        }
    }
    Ok(closed)
}

/// Records the reason why rows were withdrawn, and the code of their successor.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn record(
    transaction: &Transaction<'_>,
    (dataset, codes, number): (&'static Dataset, &[String], i32),
    reason: &str,
    successor: Option<&str>,
) -> Result<(), DbError> {
    for codes in codes.chunks(RECORDED) {
        let row = |code| {
            (
                withdrawals::dataset.eq(dataset.name),
                withdrawals::code.eq(code),
                withdrawals::release.eq(number),
                withdrawals::reason.eq(reason),
                withdrawals::successor_code.eq(successor),
            )
        };
        let rows: Vec<_> = codes.iter().map(row).collect();
        diesel::insert_into(withdrawals::table).values(rows).execute(&mut DieselClient(transaction)).await?;
    }
    Ok(())
}

/// Returns whether a current row has this code.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn exists(transaction: &Transaction<'_>, dataset: &'static Dataset, code: &str) -> Result<bool, DbError> {
    let Some(parts) = dataset.split_code(code) else { return Ok(false) };
    let (same, texts) = same(&parts);
    let query = format!("SELECT EXISTS (SELECT 1 FROM \"{}\" WHERE last_release IS NULL AND {same})", dataset.name);
    Ok(transaction.query_one(&query, &texts).await?.get(0))
}

/// The condition on the key of a row, with the values of its parameters.
fn same<'p>(parts: &'p [(&'static Field, String)]) -> (String, Vec<&'p (dyn ToSql + Sync)>) {
    let same: Vec<String> = parts.iter().zip(1..).map(|((field, _), at)| format!("\"{}\"::text = ${at}", field.name)).collect();
    (same.join(" AND "), parts.iter().map(|(_, text)| text as &(dyn ToSql + Sync)).collect())
}

/// The current rows of `dataset` whose `field` refers to a row of `target` that release `number` withdrew. Lists the first
/// by code, each as its own code and the code that it refers to.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn orphans(
    transaction: &Transaction<'_>,
    (dataset, field, list): (&'static Dataset, &str, bool),
    target: &'static Dataset,
    number: i32,
) -> Result<Excerpt<(String, String)>, DbError> {
    let code = text::code_of(dataset, "o");
    let names = if list { format!("gone.code = ANY(o.\"{field}\")") } else { format!("o.\"{field}\" = gone.code") };
    let query = format!(
        "SELECT {code}, gone.code, count(*) OVER () FROM (SELECT code FROM \"{target}\" WHERE last_release = {last} \
         EXCEPT SELECT code FROM \"{target}\" WHERE last_release IS NULL) gone \
         JOIN \"{dataset}\" o ON {names} WHERE o.last_release IS NULL ORDER BY 1, 2 LIMIT {SHOWN}",
        target = target.name,
        last = number - 1,
        dataset = dataset.name,
    );
    let rows = transaction.query(&query, &[]).await?;
    let found = rows.as_slice().first().map_or(0, |row| usize::try_from(row.get::<_, i64>(2)).unwrap_or_default());
    let more = found.saturating_sub(rows.len());
    Ok(Excerpt { listed: rows.iter().map(|row| (row.get(0), row.get(1))).collect(), more })
}
