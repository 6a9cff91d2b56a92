//! Owns the connections of heavy reads to one database. Each is held by one read. A read that is given up, because its time
//! is over or its client is gone, is cancelled in the database; until then its place stays taken.
//! Must not know which database is the best to read from, nor who waits for a place.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use diesel_async::SimpleAsyncConnection;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use super::config::Database;
use super::heavy_lane::HeavyPlace;
use super::idle_connections::{HeldConnection, IdleConnections};
use super::planning::Planning;
use super::reading_connection::ReadingConnection;
use super::replicas::SeenReleases;
use super::worker_connections::{ReadOptions, check_connection};
use crate::db::DbError;
use crate::metrics::Reads;

/// The connections to one database. Copies share them.
#[derive(Clone)]
pub struct HeavyConnections(Arc<Shared>);

struct Shared {
    database: Database,
    /// Drives the connections: a worker would stall those that another worker uses.
    runtime: Handle,
    idle: IdleConnections,
}

/// A connection in use. If it is dropped before the read has ended, the statement is cancelled and the connection closed.
struct BusyConnection<'c> {
    shared: &'c Shared,
    connection: Option<Rc<ReadingConnection>>,
    seen: SeenReleases,
    epoch: u64,
    place: Arc<HeavyPlace>,
}

impl HeavyConnections {
    /// No connection is open yet. They are opened and driven on `runtime`.
    pub fn new(database: Database, runtime: Handle) -> Self {
        Self(Arc::new(Shared { database, runtime, idle: IdleConnections::default() }))
    }

    /// Runs a read in a place of the lane. If its connection was idle and turns out to be broken, the read is tried once more.
    ///
    /// # Errors
    /// Returns [`DbError::Unavailable`] if the database cannot be reached, [`DbError::Timeout`] after the deadline, and
    /// [`DbError::Behind`] if a replica does not have the release.
    pub async fn read<T, F>(
        &self,
        options: ReadOptions<'_>,
        (place, statement, metrics): (&Arc<HeavyPlace>, Duration, &Reads),
        read: impl Fn(Rc<ReadingConnection>) -> F,
    ) -> Result<T, DbError>
    where
        F: Future<Output = QueryResult<T>>,
    {
        let reading = async {
            loop {
                let (held, reused) = self.0.take(options.epoch, statement, metrics).await?;
                let mut busy = BusyConnection {
                    shared: &self.0,
                    connection: None,
                    seen: held.seen,
                    epoch: held.epoch,
                    place: Arc::clone(place),
                };
                let connection = busy.connection.insert(Rc::new(held.connection));
                let outcome = match prepare(connection, &busy.seen, options, statement).await {
                    Ok(()) => read(Rc::clone(connection)).await.map_err(DbError::from),
                    Err(error) => Err(error),
                };
                match check_connection(connection, outcome, options.deadline).await {
                    Ok(read) => {
                        busy.keep();
                        return Ok(read);
                    }
                    // An idle connection may have died, which only its next use shows.
                    Err(DbError::Unavailable(why)) if reused => {
                        metrics.lost.inc();
                        log::debug!("replacing a connection of heavy reads: {why}");
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        match timeout_at(options.deadline, reading).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let why = "no answer within the time limit of a request".to_owned();
                self.0.database.availability().log_timeout(&why);
                Err(DbError::Timeout(why))
            }
        }
    }
}

/// Lets no statement of the read run longer than the read may, and checks that the server has the release.
async fn prepare(
    connection: &ReadingConnection,
    seen: &SeenReleases,
    options: ReadOptions<'_>,
    statement: Duration,
) -> Result<(), DbError> {
    let remaining = options.deadline.saturating_duration_since(Instant::now()).min(statement).as_millis().max(1);
    (&mut &*connection).batch_execute(&format!("SET statement_timeout = {remaining}")).await?;
    match options.release {
        Some(release) => seen.check(connection, release).await,
        None => Ok(()),
    }
}

impl Shared {
    /// An idle connection, or a new one; returns whether it was idle.
    async fn take(&self, epoch: u64, statement: Duration, metrics: &Reads) -> Result<(HeldConnection, bool), DbError> {
        if let Some(held) = self.idle.take(epoch) {
            return Ok((held, true));
        }
        let database = self.database.clone();
        let opening = self.runtime.spawn(async move { database.reader(statement, Planning::EachTime).await });
        let opened = opening.await.map_err(|error| DbError::Unavailable(error.to_string()))?;
        let connection = opened.map_err(|error| DbError::Unavailable(error.into_cause()))?;
        metrics.opened.inc();
        Ok((HeldConnection { connection, seen: SeenReleases::default(), epoch }, false))
    }
}

impl BusyConnection<'_> {
    /// Keeps the connection for later reads.
    fn keep(mut self) {
        let connection = self.connection.take().and_then(|connection| Rc::try_unwrap(connection).ok());
        if let Some(connection) = connection {
            let seen = std::mem::take(&mut self.seen);
            self.shared.idle.put(HeldConnection { connection, seen, epoch: self.epoch });
        }
    }
}

impl Drop for BusyConnection<'_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let (token, database, place) = (connection.cancel_token(), self.shared.database.clone(), Arc::clone(&self.place));
        self.shared.runtime.spawn(async move {
            database.cancel(&token).await;
            drop(place);
        });
    }
}
