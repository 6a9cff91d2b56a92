//! Owns the reading of the first rows of a query, by their size: a number of rows says little about their bytes.
//! Must not know the query, nor what becomes of the rows.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::Untyped;
use futures_util::StreamExt;

use super::fragments::TextRow;
use crate::db::ReadingConnection;
use crate::query::Row;

/// Reads the first rows of a query whose columns are all text, until they have this many bytes or more. Returns whether it
/// stopped before the last row.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses the query.
pub async fn load_up_to<Q>(mut connection: &ReadingConnection, query: Q, bytes: usize) -> QueryResult<(Vec<Row>, bool)>
where
    Q: Query<SqlType = Untyped> + QueryFragment<Pg> + QueryId + Send,
{
    let stream = diesel_async::RunQueryDsl::load_stream::<TextRow>(query, &mut connection).await?;
    let mut stream = std::pin::pin!(stream);
    let (mut rows, mut read) = (Vec::new(), 0);
    while let Some(TextRow(row)) = stream.next().await.transpose()? {
        if read >= bytes {
            return Ok((rows, true));
        }
        read += row.bytes();
        rows.push(row);
    }
    Ok((rows, false))
}
