//! Owns the reads of one worker: the lane of each, their time limit, and the worker's own connections for light reads, which
//! it opens on its own runtime.
//!
//! In a pool shared by workers, each connection is driven by the worker that opened it, so that one busy worker would stall
//! the requests of the others. Heavy reads have connections that all workers share. Must not know what is read.

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::config::Database;
use super::heavy_connections::HeavyConnections;
use super::heavy_lane::HeavyLane;
use super::reading_connection::ReadingConnection;
use super::replicas::Replicas;
use super::worker_connections::{ReadOptions, WorkerConnections};
use crate::db::DbError;
use crate::metrics::Reads;
use crate::query::{HeavyKind, ReadCost, Release};

/// The statement timeout of light reads. They share connections, so that one which takes longer would hold up others: it is
/// cancelled and read again as a heavy one.
const LIGHT_STATEMENT: Duration = Duration::from_millis(500);

/// The limits of reads.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The connections of each worker to each database, for light reads.
    pub connections: usize,
    /// The time limit of one request's reads, connecting included.
    pub wait: Duration,
    /// The statement timeout of the database.
    pub statement: Duration,
    /// The most light reads at once, over all workers.
    pub in_flight: usize,
    /// The most heavy reads at once, over all workers. Each has a connection of its own.
    pub heavy: usize,
    /// The most heavy reads of one client at once.
    pub heavy_each: usize,
}

/// What all workers share to run heavy reads. Copies share it.
#[derive(Clone)]
pub struct HeavyReads {
    lane: HeavyLane,
    primary: HeavyConnections,
    /// The connections to each replica, in the order of [`Replicas::databases`].
    replicas: Vec<HeavyConnections>,
}

impl HeavyReads {
    /// Without an open connection. `runtime` drives the connections.
    pub fn new(primary: Database, replicas: &Replicas, limits: Limits, runtime: &Handle) -> Self {
        let connections = |database| HeavyConnections::new(database, runtime.clone());
        Self {
            lane: HeavyLane::new(limits.heavy, limits.heavy_each),
            primary: connections(primary),
            replicas: replicas.databases().cloned().map(connections).collect(),
        }
    }

    /// The heavy reads under way, and those that wait.
    pub fn load(&self) -> (usize, usize) {
        self.lane.load()
    }
}

/// What is known of a read before it runs, and what it has cost.
#[derive(Debug)]
pub struct ReadTask {
    /// Its class.
    pub cost: ReadCost,
    /// The client for which it runs.
    pub client: IpAddr,
    /// When it began as a heavy read.
    begun: Cell<Option<Instant>>,
}

impl ReadTask {
    /// A read that has not begun.
    pub fn new(cost: ReadCost, client: IpAddr) -> Self {
        Self { cost, client, begun: Cell::new(None) }
    }

    /// How long it has run as a heavy read; zero for a light read, or if it has not begun.
    pub fn heavy_time(&self) -> Duration {
        self.begun.get().map_or(Duration::ZERO, |begun| begun.elapsed())
    }
}

/// The connections of one worker. They cannot be shared between threads.
pub struct Pool {
    primary: WorkerConnections,
    replicas: Replicas,
    /// The connections to each replica, in the order of [`Replicas::databases`].
    replica_connections: Vec<WorkerConnections>,
    heavy: HeavyReads,
    limits: Limits,
    permits: Arc<Semaphore>,
    metrics: Reads,
}

impl Pool {
    /// A pool that opens connections on demand. `permits` bounds the light reads of all workers together.
    pub fn new(
        primary: Database,
        replicas: Replicas,
        limits: Limits,
        (permits, heavy): (Arc<Semaphore>, HeavyReads),
        metrics: Reads,
    ) -> Self {
        let statement = limits.statement.min(LIGHT_STATEMENT);
        let connections = |database| WorkerConnections::new(database, limits.connections, statement, metrics.clone());
        let replica_connections = replicas.databases().cloned().map(connections).collect();
        let primary = connections(primary);
        Self { primary, replicas, replica_connections, heavy, limits, permits, metrics: metrics.clone() }
    }

    /// The time limit of one request's reads.
    pub fn wait(&self) -> Duration {
        self.limits.wait
    }

    /// Whether a light read would be refused now because too many are in flight. Counts the refusal.
    pub fn rejects_read(&self) -> bool {
        let full = self.permits.available_permits() == 0;
        if full {
            self.metrics.refused.inc();
        }
        full
    }

    /// Runs a read of one release, on a replica that has it, else on the primary. Without a release the primary is read: it
    /// knows what a replica may not know yet, such as the newest release.
    ///
    /// A light read that turns out to be heavy is cancelled, and read again as one.
    ///
    /// # Errors
    /// Returns [`DbError::TooManyReads`] at once if too many light reads are in flight, [`DbError::Busy`] if a heavy read cannot
    /// end in time, [`DbError::Unavailable`] if the database cannot be reached, and [`DbError::Timeout`] after the time limit.
    /// The time limit is for all databases together, and for the wait for a place.
    pub async fn read_at<T, F>(
        &self,
        release: Option<&Release>,
        task: &ReadTask,
        read: impl Fn(Rc<ReadingConnection>) -> F,
    ) -> Result<T, DbError>
    where
        F: Future<Output = QueryResult<T>>,
    {
        let deadline = Instant::now() + self.limits.wait;
        match task.cost {
            ReadCost::Heavy(kind) => self.heavy_read(release, (task, kind), deadline, read).await,
            ReadCost::Light => match self.light_read(release, deadline, &read).await {
                Err(DbError::Timeout(why)) if Instant::now() < deadline => {
                    log::debug!("a light read is read again as a heavy one: {why}");
                    self.heavy_read(release, (task, HeavyKind::Unindexed), deadline, read).await
                }
                other => other,
            },
        }
    }

    async fn light_read<T, F>(
        &self,
        release: Option<&Release>,
        deadline: Instant,
        read: &impl Fn(Rc<ReadingConnection>) -> F,
    ) -> Result<T, DbError>
    where
        F: Future<Output = QueryResult<T>>,
    {
        let permit = self.permits.try_acquire().inspect_err(|_| _ = self.metrics.refused.inc());
        let _permit = permit.map_err(|_| DbError::TooManyReads)?;
        let _timer = self.metrics.begin();
        let from_replica = self.replicas.read(release, |replica| {
            let options = ReadOptions { release, epoch: replica.epoch, deadline };
            self.replica_connections[replica.index].read(options, read)
        });
        match from_replica.await {
            Some(outcome) => outcome,
            None => self.primary.read(ReadOptions { release: None, epoch: 0, deadline }, read).await,
        }
    }

    async fn heavy_read<T, F>(
        &self,
        release: Option<&Release>,
        (task, kind): (&ReadTask, HeavyKind),
        deadline: Instant,
        read: impl Fn(Rc<ReadingConnection>) -> F,
    ) -> Result<T, DbError>
    where
        F: Future<Output = QueryResult<T>>,
    {
        let place = self.heavy.lane.place(task.client, kind, deadline).await;
        let place = Arc::new(place.inspect_err(|_| _ = self.metrics.refused.inc())?);
        let _timer = self.metrics.begin();
        task.begun.set(Some(Instant::now()));
        let run = (&place, self.limits.statement, &self.metrics);
        let from_replica = self.replicas.read(release, |replica| {
            let options = ReadOptions { release, epoch: replica.epoch, deadline };
            self.heavy.replicas[replica.index].read(options, run, &read)
        });
        let outcome = match from_replica.await {
            Some(outcome) => outcome,
            None => self.heavy.primary.read(ReadOptions { release: None, epoch: 0, deadline }, run, &read).await,
        };
        if matches!(outcome, Ok(_) | Err(DbError::Timeout(_))) {
            place.learn(kind);
        }
        outcome
    }
}
