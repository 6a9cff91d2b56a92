//! Owns the connections of one worker to one database. A few connections are opened on demand, pipeline the requests of the
//! worker, and are replaced when they break.
//! Must not know which database is the best to read from.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use diesel::QueryResult;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::config::Database;
use super::health;
use super::planning::Planning;
use super::reading_connection::ReadingConnection;
use super::replicas::SeenReleases;
use crate::db::DbError;
use crate::metrics::Reads;
use crate::query::Release;

/// The connections of one worker to one database. They cannot be shared between threads.
pub struct WorkerConnections {
    database: Database,
    statement_timeout: Duration,
    slots: Vec<Slot>,
    next: Cell<usize>,
    metrics: Reads,
}

#[derive(Default)]
struct Slot {
    open: RefCell<Option<OpenConnection>>,
    /// Held while the connection is opened.
    opening: Mutex<()>,
    /// When the last attempt to open it failed, and why.
    failed: RefCell<Option<(Instant, String)>>,
}

#[derive(Clone)]
struct OpenConnection {
    connection: Rc<ReadingConnection>,
    /// The releases that this connection is known to see.
    seen: Rc<SeenReleases>,
    /// The epoch of the database in which it was opened.
    epoch: u64,
}

/// What a read needs of its connection.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions<'r> {
    /// The release that a replica must have; `None` for the primary, which has all.
    pub release: Option<&'r Release>,
    /// The epoch of the database (see [`super::replicas::ReplicaHandle`]); older connections are not used.
    pub epoch: u64,
    /// When the read times out, connecting included.
    pub deadline: Instant,
}

impl WorkerConnections {
    /// At most `number` connections, with a statement timeout. None is open yet.
    pub fn new(database: Database, number: usize, statement_timeout: Duration, metrics: Reads) -> Self {
        let slots = (0..number.max(1)).map(|_| Slot::default()).collect();
        Self { database, statement_timeout, slots, next: Cell::new(0), metrics }
    }

    /// Runs a read. If its connection is broken, it is replaced and the read tried once more.
    ///
    /// # Errors
    /// Returns [`DbError::Unavailable`] if the database cannot be reached, [`DbError::Timeout`] after the deadline, and
    /// [`DbError::Behind`] if a replica does not have the release.
    pub async fn read<T, F>(&self, options: ReadOptions<'_>, read: impl Fn(Rc<ReadingConnection>) -> F) -> Result<T, DbError>
    where
        F: Future<Output = QueryResult<T>>,
    {
        let deadline = options.deadline;
        let index = self.next.get() % self.slots.len();
        self.next.set(index + 1);
        let slot = &self.slots[index];
        let timed_out = |_| {
            let why = "no answer within the time limit of a request".to_owned();
            self.database.availability().log_timeout(&why);
            DbError::Timeout(why)
        };
        for attempt in 0.. {
            let opened = timeout_at(deadline, self.open(slot, options.epoch)).await.map_err(timed_out)?;
            let (open, reused) = opened?;
            let reading = async {
                if let Some(release) = options.release {
                    open.seen.check(&open.connection, release).await?;
                }
                read(Rc::clone(&open.connection)).await.map_err(DbError::from)
            };
            let outcome = match timeout_at(deadline, reading).await {
                Ok(outcome) => check_connection(&open.connection, outcome, deadline).await,
                Err(elapsed) => {
                    if slot.discard(&open) {
                        self.metrics.lost.inc();
                    }
                    return Err(timed_out(elapsed));
                }
            };
            match outcome {
                Err(DbError::Unavailable(why)) => {
                    if slot.discard(&open) {
                        self.metrics.lost.inc();
                        log::debug!("replacing a connection: {why}");
                    }
                    if attempt > 0 || !reused {
                        return Err(DbError::Unavailable(why));
                    }
                }
                other => return other,
            }
        }
        unreachable!("the second attempt always returns")
    }

    /// Returns the slot's connection, and whether it was open before. Concurrent callers share one attempt and its failure;
    /// otherwise each would wait for an attempt of its own, one after the other.
    async fn open(&self, slot: &Slot, epoch: u64) -> Result<(OpenConnection, bool), DbError> {
        if let Some(open) = slot.current(epoch) {
            return Ok((open, true));
        }
        let called = Instant::now();
        let _guard = slot.opening.lock().await;
        if let Some(open) = slot.current(epoch) {
            return Ok((open, true));
        }
        if let Some((_, why)) = slot.failed.borrow().as_ref().filter(|(at, _)| *at >= called) {
            return Err(DbError::Unavailable(why.clone()));
        }
        let refused = |error: DbError| {
            let why = error.into_cause();
            *slot.failed.borrow_mut() = Some((Instant::now(), why.clone()));
            DbError::Unavailable(why)
        };
        let connection = Rc::new(self.database.reader(self.statement_timeout, Planning::Once).await.map_err(refused)?);
        self.metrics.opened.inc();
        let open = OpenConnection { connection, seen: Rc::default(), epoch };
        *slot.open.borrow_mut() = Some(open.clone());
        Ok((open, false))
    }
}

/// Distinguishes a failed statement from a broken connection. Diesel drops the error code of a server that shuts down, and
/// the message may be in any language, so the connection is pinged.
pub(super) async fn check_connection<T>(
    connection: &ReadingConnection,
    outcome: Result<T, DbError>,
    deadline: Instant,
) -> Result<T, DbError> {
    match outcome {
        Err(DbError::Failed(why)) => match timeout_at(deadline, health::ping(connection)).await {
            Ok(Ok(())) => Err(DbError::Failed(why)),
            _ => Err(DbError::Unavailable(why)),
        },
        other => other,
    }
}

impl Slot {
    fn current(&self, epoch: u64) -> Option<OpenConnection> {
        self.open.borrow().clone().filter(|open| open.epoch >= epoch)
    }

    /// Drops a broken connection, and returns whether no other request has dropped it before.
    fn discard(&self, broken: &OpenConnection) -> bool {
        self.open.borrow_mut().take_if(|open| Rc::ptr_eq(&open.connection, &broken.connection)).is_some()
    }
}
