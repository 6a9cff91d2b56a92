//! Owns a connection for reading: statements that are asked again are prepared, a bounded number of them.
//!
//! A client chooses filters, order and columns, and so the text of statements. Diesel's own connection keeps each statement
//! that it has prepared for as long as it is open, so that clients could fill the memory of the server. Here the statements
//! that are asked least often are closed, and one that is asked for the first time is sent without being prepared.
//! Must not know what a statement reads.

use std::hash::{BuildHasher, RandomState};

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::Error as QueryError;
use diesel_async::{AsyncConnectionCore, SimpleAsyncConnection};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use quick_cache::sync::Cache;
use tokio_postgres::{CancelToken, Client, RowStream, Statement};

use super::diesel_client::{PgRow, TypedStatement, execute, rows};
use crate::db::error::ReadFailure;

/// The most prepared statements of a connection. The plan of one takes up to a hundred kilobytes of its server process.
const PREPARED: usize = 128;

/// How many texts a connection remembers that it has sent without preparing them.
const REMEMBERED: usize = 1024;

/// A connection for reading. Statements are pipelined: each is sent before those before it are answered.
pub struct ReadingConnection {
    client: Client,
    prepared: Cache<String, Statement>,
    /// The hashes of texts that were sent once.
    sent: Cache<u64, ()>,
    hasher: RandomState,
}

impl ReadingConnection {
    /// A connection over a client, whose messages another task drives.
    pub fn new(client: Client) -> Self {
        Self { client, prepared: Cache::new(PREPARED), sent: Cache::new(REMEMBERED), hasher: RandomState::new() }
    }

    /// A token that cancels what the connection runs.
    pub fn cancel_token(&self) -> CancelToken {
        self.client.cancel_token()
    }

    async fn run(&self, statement: TypedStatement) -> QueryResult<RowStream> {
        let Some(prepared) = self.prepared(&statement).await? else {
            return self.client.query_typed_raw(&statement.sql, statement.parameters).await.map_err(failed);
        };
        let parameters: Vec<_> = statement.parameters.into_iter().map(|(value, _)| value).collect();
        let sent = self.client.query_raw(&prepared, parameters).await;
        // A changed table makes its plan invalid; it is prepared anew when it is asked again.
        sent.inspect_err(|_| _ = self.prepared.remove(&statement.sql)).map_err(failed)
    }

    /// The prepared statement; none if the statement is to be sent as it is.
    async fn prepared(&self, statement: &TypedStatement) -> QueryResult<Option<Statement>> {
        if !statement.recurs {
            return Ok(None);
        }
        if let Some(known) = self.prepared.get(&statement.sql) {
            return Ok(Some(known));
        }
        let hash = self.hasher.hash_one(&statement.sql);
        if self.sent.get(&hash).is_none() {
            self.sent.insert(hash, ());
            return Ok(None);
        }
        let prepare = async {
            let types: Vec<_> = statement.parameters.iter().map(|(_, kind)| kind.clone()).collect();
            self.client.prepare_typed(&statement.sql, &types).await.map_err(failed)
        };
        self.prepared.get_or_insert_async(&statement.sql, prepare).await.map(Some)
    }
}

fn failed(error: tokio_postgres::Error) -> QueryError {
    QueryError::QueryBuilderError(Box::new(ReadFailure(error)))
}

impl SimpleAsyncConnection for &ReadingConnection {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.client.batch_execute(query).await.map_err(failed)
    }
}

impl<'a> AsyncConnectionCore for &'a ReadingConnection {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'a, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'a, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = BoxStream<'static, QueryResult<PgRow>>;
    type Row<'conn, 'query> = PgRow;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        let (connection, statement) = (*self, TypedStatement::of(&source.as_query()));
        async move { Ok(rows(connection.run(statement?).await?, failed)) }.boxed()
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        let (client, statement) = (&self.client, TypedStatement::of(&source));
        async move { execute(client, &statement?, failed).await }.boxed()
    }
}
