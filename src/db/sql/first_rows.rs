//! Owns the reading of the first rows of a query, by their size: a number of rows says little about their bytes. The cells are
//! copied once, from what the database sent to the text of all rows.
//! Must not know the query, nor what becomes of the rows.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::row::{Field as _, Row as _};
use diesel::sql_types::Untyped;
use diesel_async::AsyncConnectionCore;
use futures_util::StreamExt;

use super::binary_cells;
use crate::db::ReadingConnection;
use crate::query::Rows;

/// Reads the first rows of a query until they have this many bytes or more. Returns whether it stopped before the last row.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses the query, or if a column has a type without a text.
pub async fn load_up_to<Q>(mut connection: &ReadingConnection, query: Q, bytes: usize) -> QueryResult<(Rows, bool)>
where
    Q: Query<SqlType = Untyped> + QueryFragment<Pg> + QueryId + Send,
{
    let mut stream = AsyncConnectionCore::load(&mut connection, query).await?;
    let mut rows = Rows::default();
    while let Some(row) = stream.next().await.transpose()? {
        if rows.bytes() >= bytes && !rows.is_empty() {
            return Ok((rows, true));
        }
        if rows.is_empty() {
            rows = Rows::new(row.field_count());
        }
        for at in 0..row.field_count() {
            let field = row.get(at).ok_or_else(|| Error::DeserializationError("a column is missing".into()))?;
            match field.value() {
                Some(value) => {
                    rows.push_with(|text| binary_cells::append(text, &value)).map_err(Error::DeserializationError)?;
                }
                None => rows.push(None),
            }
        }
    }
    Ok((rows, false))
}
