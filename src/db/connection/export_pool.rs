//! Owns a database as many rows are read from it: over connections that are held for one chunk, by whichever thread.
//! Must not know what is read, nor which database it is best to ask.

use std::sync::Mutex;
use std::time::Duration;

use diesel::pg::Pg;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::Untyped;
use diesel_async::AsyncPgConnection;

use super::config::Database;
use super::replicas::Held;
use crate::db::DbError;
use crate::db::sql::select;
use crate::query::Release;
use crate::query::Row;

/// The time that the database may spend on one chunk.
const STATEMENT: Duration = Duration::from_secs(120);

/// A database and its connections that nobody holds.
pub struct Source {
    database: Database,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncPgConnection,
    /// The releases that it is known to see.
    held: Held,
    /// How often its database had been away when it was opened.
    absences: u64,
}

impl Source {
    /// None of its connections is open yet.
    pub fn new(database: Database) -> Self {
        Self { database, idle: Mutex::default() }
    }

    /// Waits until it has been away for so long.
    pub async fn lasts(&self, patience: Duration) {
        self.database.outage().lasts(patience).await;
    }

    /// Reads one chunk; of a replica, which may have been away, the release is asked for first. The query is made anew
    /// when a connection turns out to be dead.
    ///
    /// # Errors
    /// The database's; [`DbError::Behind`] when it has not the release.
    pub async fn fetch<Q>(&self, release: Option<&Release>, absences: u64, query: &impl Fn() -> Q) -> Result<Vec<Row>, DbError>
    where
        Q: Query<SqlType = Untyped> + QueryFragment<Pg> + QueryId + Send,
    {
        let all = || self.idle.lock().expect("nothing panics while it holds the connections");
        all().retain(|idle| idle.absences >= absences);
        for attempt in 0.. {
            let reused = all().pop();
            let fresh = reused.is_none();
            let idle = match reused {
                Some(idle) => idle,
                None => {
                    let opened = self.database.reader(STATEMENT).await;
                    let connection = opened.map_err(|error| DbError::Unavailable(error.to_string()))?;
                    Idle { connection, held: Held::default(), absences }
                }
            };
            let reading = async {
                if let Some(release) = release {
                    idle.held.check(&idle.connection, release).await?;
                }
                Ok(select::load(&idle.connection, query()).await?)
            };
            match reading.await {
                Ok(rows) => {
                    all().push(idle);
                    return Ok(rows);
                }
                // A connection that has lain idle may have died meanwhile, which only shows when it is used.
                Err(error) if fresh || attempt > 4 || matches!(error, DbError::Behind(_)) => return Err(error),
                Err(error) => log::debug!("an export's connection is replaced: {error}"),
            }
        }
        unreachable!("the last attempt always returns")
    }
}
