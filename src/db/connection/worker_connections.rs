//! Owns the connections of one worker to one database: a few, opened when they are first needed, shared by its requests,
//! which are pipelined on them, and replaced when they die.
//! Must not know which database it is best to ask.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::config::Database;
use super::health;
use super::replicas::Held;
use crate::db::DbError;
use crate::metrics::Reads;
use crate::query::Release;

/// The connections of one worker to one database. Not to be shared between threads.
pub struct Connections {
    database: Database,
    statement: Duration,
    slots: Vec<Slot>,
    next: Cell<usize>,
    counts: Reads,
}

#[derive(Default)]
struct Slot {
    open: RefCell<Option<Open>>,
    opening: Mutex<()>,
    /// When the last attempt to open it failed, and why.
    failed: RefCell<Option<(Instant, String)>>,
}

/// An open connection.
#[derive(Clone)]
struct Open {
    connection: Rc<AsyncPgConnection>,
    /// The releases that it is known to see.
    held: Rc<Held>,
    /// How often its database had been away when it was opened.
    absences: u64,
}

/// What a read asks of a connection besides its rows.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'r> {
    /// The release that the server must have; nothing of a primary, which has all.
    pub release: Option<&'r Release>,
    /// How often the database has been away: connections from before are not used.
    pub absences: u64,
    /// When it is too late, connecting included.
    pub deadline: Instant,
}

impl Connections {
    /// So many connections, none of them open yet; the database may spend so long on each statement.
    pub fn new(database: Database, number: usize, statement: Duration, counts: Reads) -> Self {
        let slots = (0..number.max(1)).map(|_| Slot::default()).collect();
        Self { database, statement, slots, next: Cell::new(0), counts }
    }

    /// Runs a read. A connection that turns out to be dead is replaced and the read tried once more.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when the database cannot be reached, [`DbError::Late`] when the time is up,
    /// [`DbError::Behind`] when it has not the release.
    pub async fn read<T, F>(&self, demand: Demand<'_>, read: impl Fn(Rc<AsyncPgConnection>) -> F) -> Result<T, DbError>
    where
        F: Future<Output = QueryResult<T>>,
    {
        let deadline = demand.deadline;
        let index = self.next.get() % self.slots.len();
        self.next.set(index + 1);
        let slot = &self.slots[index];
        let late = |_| {
            let why = "no answer within the time that a request may spend".to_owned();
            self.database.outage().late(&why);
            DbError::Late(why)
        };
        for attempt in 0.. {
            let opened = timeout_at(deadline, self.open(slot, demand.absences)).await.map_err(late)?;
            let (open, reused) = opened?;
            let reading = async {
                if let Some(release) = demand.release {
                    open.held.check(&open.connection, release).await?;
                }
                read(Rc::clone(&open.connection)).await.map_err(DbError::from)
            };
            let outcome = match timeout_at(deadline, reading).await {
                Ok(outcome) => sound(&open.connection, outcome, deadline).await,
                Err(elapsed) => {
                    if slot.forget(&open) {
                        self.counts.lost.inc();
                    }
                    return Err(late(elapsed));
                }
            };
            match outcome {
                Err(DbError::Unavailable(why)) => {
                    if slot.forget(&open) {
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
    async fn open(&self, slot: &Slot, absences: u64) -> Result<(Open, bool), DbError> {
        if let Some(open) = slot.current(absences) {
            return Ok((open, true));
        }
        let asked = Instant::now();
        let _guard = slot.opening.lock().await;
        if let Some(open) = slot.current(absences) {
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
        let connection = Rc::new(self.database.reader(self.statement).await.map_err(refused)?);
        self.counts.opened.inc();
        let open = Open { connection, held: Rc::default(), absences };
        *slot.open.borrow_mut() = Some(open.clone());
        Ok((open, false))
    }
}

/// Tells a failed statement from a connection that is no more: what Postgres says as it goes carries no code here, and
/// may be in any language, so the connection itself is asked.
async fn sound<T>(connection: &AsyncPgConnection, outcome: Result<T, DbError>, deadline: Instant) -> Result<T, DbError> {
    match outcome {
        Err(DbError::Failed(why)) => match timeout_at(deadline, health::ping(connection)).await {
            Ok(Ok(())) => Err(DbError::Failed(why)),
            _ => Err(DbError::Unavailable(why)),
        },
        other => other,
    }
}

impl Slot {
    fn current(&self, absences: u64) -> Option<Open> {
        self.open.borrow().clone().filter(|open| open.absences >= absences)
    }

    /// Drops a dead connection, unless another request has done so before; says whether it was this one.
    fn forget(&self, dead: &Open) -> bool {
        self.open.borrow_mut().take_if(|open| Rc::ptr_eq(&open.connection, &dead.connection)).is_some()
    }
}
