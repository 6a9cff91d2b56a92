//! Owns the connections for reading: a few for each worker, opened by the worker on its own runtime and shared by its
//! requests, which are pipelined on them.
//!
//! A pool shared by workers would tie each connection to the worker that happened to open it, so that one busy worker
//! stalls the requests of the others; connections of its own keep a worker's trouble to itself.
//! Must not know what is read.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::connect::Database;
use super::{DbError, lookup};
use crate::metrics::Reads;

/// How many connections, and how long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections of each worker.
    pub connections: usize,
    /// The time that one request may spend on the database, connecting included.
    pub wait: Duration,
    /// The time that the database may spend on one statement.
    pub statement: Duration,
    /// The most reads at once, of all workers.
    pub in_flight: usize,
}

/// The connections of one worker. Not to be shared between threads.
pub struct Pool {
    database: Database,
    limits: Limits,
    slots: Vec<Slot>,
    next: Cell<usize>,
    room: Arc<Semaphore>,
    counts: Reads,
}

#[derive(Default)]
struct Slot {
    connection: RefCell<Option<Rc<AsyncPgConnection>>>,
    opening: Mutex<()>,
    /// When the last attempt to open it failed, and why.
    failed: RefCell<Option<(Instant, String)>>,
}

impl Pool {
    /// A pool that opens its connections when they are first needed, and shares the room for reads with others.
    pub fn new(database: Database, limits: Limits, room: Arc<Semaphore>, counts: Reads) -> Self {
        let slots = (0..limits.connections.max(1)).map(|_| Slot::default()).collect();
        Self { database, limits, slots, next: Cell::new(0), room, counts }
    }

    /// The time that one request may spend on the database.
    pub fn wait(&self) -> Duration {
        self.limits.wait
    }

    /// Runs a read, if there is room for it: more at once would all be too late. What needs no read is not held up.
    ///
    /// # Errors
    /// [`DbError::Crowded`], at once, when there is no room; else those of [`Pool::read_always`].
    pub async fn read<T, F>(&self, read: impl Fn(Rc<AsyncPgConnection>) -> F) -> Result<T, DbError>
    where
        F: Future<Output = QueryResult<T>>,
    {
        let _room = self.room.try_acquire().inspect_err(|_| _ = self.counts.refused.inc()).map_err(|_| DbError::Crowded)?;
        self.read_always(read).await
    }

    /// Runs a read, whatever else runs. A connection that turns out to be dead is replaced and the read tried once more.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when the database cannot be reached or the time is up.
    async fn read_always<T, F>(&self, read: impl Fn(Rc<AsyncPgConnection>) -> F) -> Result<T, DbError>
    where
        F: Future<Output = QueryResult<T>>,
    {
        let _counted = self.counts.begin();
        let deadline = Instant::now() + self.limits.wait;
        let index = self.next.get() % self.slots.len();
        self.next.set(index + 1);
        let slot = &self.slots[index];
        let late = |_| {
            let why = format!("no answer within {:?}", self.limits.wait);
            self.database.outage().late(&why);
            DbError::Late(why)
        };
        for attempt in 0.. {
            let opened = timeout_at(deadline, self.connection(slot)).await.map_err(late)?;
            let (connection, reused) = opened?;
            let outcome = match timeout_at(deadline, read(Rc::clone(&connection))).await {
                Ok(outcome) => sound(&connection, outcome.map_err(DbError::from), deadline).await,
                Err(elapsed) => {
                    if slot.forget(&connection) {
                        self.counts.lost.inc();
                    }
                    return Err(late(elapsed));
                }
            };
            match outcome {
                Err(DbError::Unavailable(why)) => {
                    if slot.forget(&connection) {
                        self.counts.lost.inc();
                        log::debug!("a connection is replaced: {why}");
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

    /// The slot's connection, and whether it had been open before. Those who wait while it is being opened share what comes
    /// of that, or each would have to fail after the other.
    async fn connection(&self, slot: &Slot) -> Result<(Rc<AsyncPgConnection>, bool), DbError> {
        if let Some(open) = slot.current() {
            return Ok((open, true));
        }
        let asked = Instant::now();
        let _guard = slot.opening.lock().await;
        if let Some(open) = slot.current() {
            return Ok((open, true));
        }
        if let Some((_, why)) = slot.failed.borrow().as_ref().filter(|(at, _)| *at >= asked) {
            return Err(DbError::Unavailable(why.clone()));
        }
        let refused = |error: DbError| {
            let why = error.into_cause();
            *slot.failed.borrow_mut() = Some((Instant::now(), why.clone()));
            DbError::Unavailable(why)
        };
        let opened = Rc::new(self.database.reader(self.limits.statement).await.map_err(refused)?);
        self.counts.opened.inc();
        *slot.connection.borrow_mut() = Some(Rc::clone(&opened));
        Ok((opened, false))
    }
}

/// Tells a failed statement from a connection that is no more: what Postgres says as it goes carries no code here, and
/// may be in any language, so the connection itself is asked.
async fn sound<T>(connection: &AsyncPgConnection, outcome: Result<T, DbError>, deadline: Instant) -> Result<T, DbError> {
    match outcome {
        Err(DbError::Failed(why)) => match timeout_at(deadline, lookup::ping(connection)).await {
            Ok(Ok(())) => Err(DbError::Failed(why)),
            _ => Err(DbError::Unavailable(why)),
        },
        other => other,
    }
}

impl Slot {
    fn current(&self) -> Option<Rc<AsyncPgConnection>> {
        self.connection.borrow().clone()
    }

    /// Drops a dead connection, unless another request has done so before; says whether it was this one.
    fn forget(&self, dead: &Rc<AsyncPgConnection>) -> bool {
        self.connection.borrow_mut().take_if(|open| Rc::ptr_eq(open, dead)).is_some()
    }
}
