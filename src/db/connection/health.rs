//! Owns the check that a connection still works.
//! Must not know what the connection is used for.

use diesel::IntoSql;
use diesel::QueryResult;
use diesel::sql_types::Integer;
use diesel_async::RunQueryDsl;

use super::reading_connection::ReadingConnection;

/// Runs `SELECT 1`.
///
/// # Errors
/// Returns an error if the connection is broken.
pub async fn ping(mut connection: &ReadingConnection) -> QueryResult<()> {
    diesel::select(1.into_sql::<Integer>()).get_result::<i32>(&mut connection).await.map(|_| ())
}
