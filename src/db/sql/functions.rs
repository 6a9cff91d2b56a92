//! Owns the SQL functions that typed statements call, each with the types of its arguments and result.
//! Must not know where they are called.

use diesel::define_sql_function;
use diesel::sql_types::{BigInt, Jsonb, SqlType, Text};

/// Postgres's type `void`, of functions without a result.
#[derive(SqlType)]
#[diesel(postgres_type(oid = 2278, array_oid = 0))]
pub struct Void;

define_sql_function! {
    /// The current time; `now()` is the start of the transaction.
    fn clock_timestamp() -> Timestamptz;
}

define_sql_function! {
    /// Waits for an advisory lock and holds it until the transaction ends.
    fn pg_advisory_xact_lock(key: BigInt) -> Void;
}

define_sql_function! {
    /// Acquires an advisory lock until the transaction ends; false if another transaction holds it.
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;
}

define_sql_function! {
    /// Sends a notification when the transaction commits.
    fn pg_notify(channel: Text, payload: Text) -> Void;
}

define_sql_function! {
    /// Runs `ANALYZE` on a table of published rows.
    fn analyze_table(name: Text) -> Void;
}

define_sql_function! {
    /// Whether a stored contour can be read.
    fn contour_is_readable(contour: Jsonb) -> Bool;
}
