//! Owns the SQL functions that typed statements call, each with the types of its arguments and result.
//! Must not know where they are called.

use diesel::define_sql_function;
use diesel::sql_types::{BigInt, Integer, SqlType, Text};

/// Postgres's `void`: a function that gives nothing.
#[derive(SqlType)]
#[diesel(postgres_type(oid = 2278, array_oid = 0))]
pub struct Void;

define_sql_function! {
    /// The time of the call; `now()` is that of the transaction's start.
    fn clock_timestamp() -> Timestamptz;
}

define_sql_function! {
    /// The date of a year, month and day.
    fn make_date(year: Integer, month: Integer, day: Integer) -> Date;
}

define_sql_function! {
    /// Waits for an advisory lock and holds it to the end of the transaction.
    fn pg_advisory_xact_lock(key: BigInt) -> Void;
}

define_sql_function! {
    /// Takes an advisory lock to the end of the transaction; false if another transaction holds it.
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;
}

define_sql_function! {
    /// Sends a notification when the transaction commits.
    fn pg_notify(channel: Text, payload: Text) -> Void;
}

define_sql_function! {
    /// Renews the statistics of a table of published rows (migration 8).
    fn analyze_table(name: Text) -> Void;
}
