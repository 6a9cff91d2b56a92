//! Owns the reads of one worker: how many at once, for how long, and over which of its connections, which the worker
//! opens on its own runtime.
//!
//! A pool shared by workers would tie each connection to the worker that happened to open it, so that one busy worker
//! stalls the requests of the others; connections of its own keep a worker's trouble to itself.
//! Must not know what is read.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::config::Database;
use super::replicas::Replicas;
use super::worker_connections::{Connections, Demand};
use crate::db::DbError;
use crate::metrics::Reads;
use crate::query::Release;

/// How many connections, and how long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections of each worker, to each database.
    pub connections: usize,
    /// The time that one request may spend on the databases, connecting included.
    pub wait: Duration,
    /// The time that a database may spend on one statement.
    pub statement: Duration,
    /// The most reads at once, of all workers.
    pub in_flight: usize,
}

/// The connections of one worker. Not to be shared between threads.
pub struct Pool {
    primary: Connections,
    replicas: Replicas,
    /// Those to each replica, by its place.
    near: Vec<Connections>,
    limits: Limits,
    room: Arc<Semaphore>,
    counts: Reads,
}

impl Pool {
    /// A pool that opens its connections when they are first needed, and shares the room for reads with others.
    pub fn new(primary: Database, replicas: Replicas, limits: Limits, room: Arc<Semaphore>, counts: Reads) -> Self {
        let connections = |database| Connections::new(database, limits.connections, limits.statement, counts.clone());
        let near = replicas.databases().cloned().map(connections).collect();
        Self { primary: connections(primary), replicas, near, limits, room, counts: counts.clone() }
    }

    /// The time that one request may spend on the database.
    pub fn wait(&self) -> Duration {
        self.limits.wait
    }

    /// Whether a read would be refused for want of room, which is then counted as refused.
    pub fn turns_away(&self) -> bool {
        let full = self.room.available_permits() == 0;
        if full {
            self.counts.refused.inc();
        }
        full
    }

    /// Runs a read of what only the primary can tell, such as which release is the newest, if there is room for it: more
    /// at once would all be too late. What needs no read is not held up.
    ///
    /// # Errors
    /// [`DbError::Crowded`], at once, when there is no room; [`DbError::Unavailable`] or [`DbError::Late`] when the
    /// database cannot be reached or the time is up.
    pub async fn read<T, F>(&self, read: impl Fn(Rc<AsyncPgConnection>) -> F) -> Result<T, DbError>
    where
        F: Future<Output = QueryResult<T>>,
    {
        self.read_at(None, read).await
    }

    /// Runs a read of nothing but what a release says, on a replica that has it, else on the primary; on the primary too
    /// when it is not known yet which release that is.
    ///
    /// # Errors
    /// Those of [`Pool::read`]; the wait is for all databases together.
    pub async fn read_at<T, F>(&self, release: Option<&Release>, read: impl Fn(Rc<AsyncPgConnection>) -> F) -> Result<T, DbError>
    where
        F: Future<Output = QueryResult<T>>,
    {
        let _room = self.room.try_acquire().inspect_err(|_| _ = self.counts.refused.inc()).map_err(|_| DbError::Crowded)?;
        let _counted = self.counts.begin();
        let deadline = Instant::now() + self.limits.wait;
        let near = self.replicas.read(release, |chosen| {
            let demand = Demand { release, absences: chosen.absences, deadline };
            self.near[chosen.place].read(demand, &read)
        });
        match near.await {
            Some(told) => told,
            None => self.primary.read(Demand { release: None, absences: 0, deadline }, &read).await,
        }
    }
}
