//! Owns the reads of one worker: their number at once, their time limit, and the worker's own connections, which it opens on
//! its own runtime.
//!
//! In a pool shared by workers, each connection is driven by the worker that opened it, so that one busy worker would stall
//! the requests of the others. Must not know what is read.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::config::Database;
use super::replicas::Replicas;
use super::worker_connections::{ReadOptions, WorkerConnections};
use crate::db::DbError;
use crate::metrics::Reads;
use crate::query::Release;

/// The limits of reads.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The connections of each worker to each database.
    pub connections: usize,
    /// The time limit of one request's reads, connecting included.
    pub wait: Duration,
    /// The statement timeout of the database.
    pub statement: Duration,
    /// The most reads at once, over all workers.
    pub in_flight: usize,
}

/// The connections of one worker. They cannot be shared between threads.
pub struct Pool {
    primary: WorkerConnections,
    replicas: Replicas,
    /// The connections to each replica, in the order of [`Replicas::databases`].
    replica_connections: Vec<WorkerConnections>,
    limits: Limits,
    permits: Arc<Semaphore>,
    metrics: Reads,
}

impl Pool {
    /// A pool that opens connections on demand. `permits` bounds the reads of all workers together.
    pub fn new(primary: Database, replicas: Replicas, limits: Limits, permits: Arc<Semaphore>, metrics: Reads) -> Self {
        let connections = |database| WorkerConnections::new(database, limits.connections, limits.statement, metrics.clone());
        let replica_connections = replicas.databases().cloned().map(connections).collect();
        Self { primary: connections(primary), replicas, replica_connections, limits, permits, metrics: metrics.clone() }
    }

    /// The time limit of one request's reads.
    pub fn wait(&self) -> Duration {
        self.limits.wait
    }

    /// Whether a read would be refused now because too many are in flight. Counts the refusal.
    pub fn rejects_read(&self) -> bool {
        let full = self.permits.available_permits() == 0;
        if full {
            self.metrics.refused.inc();
        }
        full
    }

    /// Runs a read on the primary, for what a replica may not know yet, such as the newest release.
    ///
    /// # Errors
    /// Returns [`DbError::TooManyReads`] at once if too many reads are in flight, [`DbError::Unavailable`] if the database
    /// cannot be reached, and [`DbError::Timeout`] after the time limit.
    pub async fn read<T, F>(&self, read: impl Fn(Rc<AsyncPgConnection>) -> F) -> Result<T, DbError>
    where
        F: Future<Output = QueryResult<T>>,
    {
        self.read_at(None, read).await
    }

    /// Runs a read of one release, on a replica that has it, else on the primary. Without a release the primary is read.
    ///
    /// # Errors
    /// Returns the errors of [`Pool::read`]. The time limit is for all databases together.
    pub async fn read_at<T, F>(&self, release: Option<&Release>, read: impl Fn(Rc<AsyncPgConnection>) -> F) -> Result<T, DbError>
    where
        F: Future<Output = QueryResult<T>>,
    {
        let permit = self.permits.try_acquire().inspect_err(|_| _ = self.metrics.refused.inc());
        let _permit = permit.map_err(|_| DbError::TooManyReads)?;
        let _timer = self.metrics.begin();
        let deadline = Instant::now() + self.limits.wait;
        let from_replica = self.replicas.read(release, |replica| {
            let options = ReadOptions { release, epoch: replica.epoch, deadline };
            self.replica_connections[replica.index].read(options, &read)
        });
        match from_replica.await {
            Some(outcome) => outcome,
            None => self.primary.read(ReadOptions { release: None, epoch: 0, deadline }, &read).await,
        }
    }
}
