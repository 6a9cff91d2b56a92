//! Owns the log lines about stored rows that cannot be read. Answers leave them out; the log names each once.
//! Must not know how such a row came to be.

use std::collections::BTreeSet;
use std::sync::Mutex;

use diesel::QueryResult;
use diesel::dsl::not;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::ReadingConnection;
use crate::db::schema::contours;
use crate::db::sql::functions::contour_is_readable;

/// The most rows that one read looks for.
const LISTED: i64 = 20;

/// The most rows that are remembered, so that many of them fill neither the log nor the memory.
const REMEMBERED: usize = 2000;

/// Logs the stored contours that cannot be read, each once. An index holds them alone, so that none costs nothing.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses the statement.
pub async fn log_contours(mut connection: &ReadingConnection) -> QueryResult<()> {
    let codes: Vec<String> = contours::table
        .filter(not(contour_is_readable(contours::contour)))
        .order(contours::territory_code)
        .select(contours::territory_code)
        .limit(LISTED)
        .load(&mut connection)
        .await?;
    codes.iter().for_each(|code| log_once("contour", code));
    Ok(())
}

/// Logs that a stored row cannot be read, unless this process has said so.
pub fn log_once(what: &'static str, code: &str) {
    static LOGGED: Mutex<BTreeSet<(&str, String)>> = Mutex::new(BTreeSet::new());
    let mut logged = LOGGED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if logged.len() < REMEMBERED && logged.insert((what, code.to_owned())) {
        log::error!("the {what} of {code} is stored with a value that cannot be read; answers leave it out");
    }
}
