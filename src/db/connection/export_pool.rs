//! Owns the connections of exports to one database. Each is held for one chunk, by any thread.
//! Must not know what is exported, nor which database is the best to read from.

use std::time::Duration;

use diesel::pg::Pg;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::Untyped;

use super::config::Database;
use super::idle_connections::{HeldConnection, IdleConnections};
use super::planning::Planning;
use super::replicas::SeenReleases;
use crate::db::DbError;
use crate::db::sql::first_rows;
use crate::query::Release;
use crate::query::Rows;

/// The statement timeout of one chunk.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(120);

/// The number of idle connections that may turn out to be dead before a chunk fails.
const MAX_RETRIES: usize = 4;

/// A database and its idle connections.
pub struct ExportPool {
    database: Database,
    idle: IdleConnections,
}

impl ExportPool {
    /// A pool without open connections.
    pub fn new(database: Database) -> Self {
        Self { database, idle: IdleConnections::default() }
    }

    /// Waits until one outage of the database has lasted for `limit`.
    pub async fn down_for(&self, limit: Duration) {
        self.database.availability().down_for(limit).await;
    }

    /// Reads one chunk: rows until they have `bytes` or more, and whether there are further ones. Of a replica, `release` is the
    /// release that it must have. A dead connection is replaced, and the query built again.
    ///
    /// # Errors
    /// Returns [`DbError::Behind`] if the replica does not have the release, and an error if the database cannot be reached or
    /// refuses the query.
    pub async fn fetch<Q>(
        &self,
        release: Option<&Release>,
        epoch: u64,
        query: &impl Fn() -> Q,
        bytes: usize,
    ) -> Result<(Rows, bool), DbError>
    where
        Q: Query<SqlType = Untyped> + QueryFragment<Pg> + QueryId + Send,
    {
        for attempt in 0.. {
            let reused = self.idle.take(epoch);
            let fresh = reused.is_none();
            let held = match reused {
                Some(held) => held,
                None => {
                    let opened = self.database.reader(STATEMENT_TIMEOUT, Planning::EachTimeAlone).await;
                    let connection = opened.map_err(|error| DbError::Unavailable(error.to_string()))?;
                    HeldConnection { connection, seen: SeenReleases::default(), epoch }
                }
            };
            let reading = async {
                if let Some(release) = release {
                    held.seen.check(&held.connection, release).await?;
                }
                Ok(first_rows::load_up_to(&held.connection, query(), bytes).await?)
            };
            match reading.await {
                Ok(rows) => {
                    self.idle.put(held);
                    return Ok(rows);
                }
                // An idle connection may have died, which only its next use shows.
                Err(error) if fresh || attempt > MAX_RETRIES || matches!(error, DbError::Behind(_)) => return Err(error),
                Err(error) => log::debug!("replacing an export connection: {error}"),
            }
        }
        unreachable!("the last attempt always returns")
    }
}
