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
use crate::query::{Dataset, Field};

/// The most rows that are listed of those that refer to a withdrawn one.
const SHOWN: usize = 20;

/// Closes the current row with this code before release `number`. Returns whether there was one.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn close(transaction: &Transaction<'_>, dataset: &'static Dataset, code: &str, number: i32) -> Result<bool, DbError> {
    let Some(parts) = dataset.split_code(code) else { return Ok(false) };
    let (same, texts) = same(&parts);
    let close = format!(
        "UPDATE \"{}\" SET last_release = {} WHERE last_release IS NULL AND first_release < {number} AND {same}",
        dataset.name,
        number - 1
    );
    Ok(transaction.execute(&close, &texts).await? == 1)
}

/// Records the reason why a row was withdrawn, and the code of its successor.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn record(
    transaction: &Transaction<'_>,
    (dataset, code, number): (&'static Dataset, &str, i32),
    reason: &str,
    successor: Option<&str>,
) -> Result<(), DbError> {
    let withdrawal = (
        withdrawals::dataset.eq(dataset.name),
        withdrawals::code.eq(code),
        withdrawals::release.eq(number),
        withdrawals::reason.eq(reason),
        withdrawals::successor_code.eq(successor),
    );
    diesel::insert_into(withdrawals::table).values(withdrawal).execute(&mut DieselClient(transaction)).await?;
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
