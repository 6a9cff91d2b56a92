//! Owns the reading of any number of rows: in chunks by key at one release, over connections of their own on a runtime
//! of their own, so that neither many rows nor a slow client is ever felt by quick reads.
//!
//! A connection is held for one chunk only. Rows of a release never change, so that chunks read at different times fit.
//! Must not know what becomes of the rows.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel_async::AsyncPgConnection;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::DbError;
use super::connect::Database;
use super::read::Ground;
use super::select::{self, Select};
use crate::query::{Plan, Row};

/// The rows of the first chunk; later ones follow the size of rows.
const FIRST: i64 = 500;

/// Text of one chunk, in bytes, as far as earlier rows tell.
const CHUNK: usize = 2 << 20;

/// The most rows of a chunk.
const MOST: i64 = 10_000;

/// Exports that may run at once; one more is refused.
const RUNNING: usize = 32;

/// The time that the database may spend on one chunk.
const STATEMENT: Duration = Duration::from_secs(120);

/// The way to many rows, shared by all workers.
#[derive(Clone)]
pub struct Exports(Arc<Inner>);

struct Inner {
    database: Database,
    runtime: Option<Runtime>,
    connections: Semaphore,
    idle: Mutex<Vec<AsyncPgConnection>>,
    running: Arc<Semaphore>,
}

/// The right to run one export, given back when it is dropped.
pub struct Permit(#[expect(dead_code, reason = "held for its end")] OwnedSemaphorePermit);

impl Drop for Inner {
    fn drop(&mut self) {
        // A runtime that is simply dropped would wait for its tasks, which no worker's thread may do.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Exports {
    /// Starts the runtime; connections, at most so many, are opened when they are first needed.
    ///
    /// # Panics
    /// When the system gives no thread.
    pub fn new(database: Database, connections: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("export")
            .enable_all()
            .build()
            .expect("the system gives a thread at start");
        Self(Arc::new(Inner {
            database,
            runtime: Some(runtime),
            connections: Semaphore::new(connections),
            idle: Mutex::new(Vec::new()),
            running: Arc::new(Semaphore::new(RUNNING)),
        }))
    }

    /// The runtime on which exports run, for what formats the rows.
    ///
    /// # Panics
    /// Never: the runtime is only taken when the last handle is dropped.
    pub fn handle(&self) -> Handle {
        self.0.runtime.as_ref().expect("the runtime lives as long as its handles").handle().clone()
    }

    /// The right to run one more export; nothing when too many run.
    pub fn permit(&self) -> Option<Permit> {
        Arc::clone(&self.0.running).try_acquire_owned().ok().map(Permit)
    }

    /// Starts reading all rows of a plan, in its order, from its cursor on if it has one. Ends early when nobody
    /// receives any more; after an error nothing follows.
    pub fn rows(&self, plan: Arc<Plan>, ground: Ground) -> mpsc::Receiver<Result<Vec<Row>, DbError>> {
        let (sender, receiver) = mpsc::channel(1);
        let exports = self.clone();
        self.handle().spawn(async move {
            let mut after = plan.after.as_ref().map(|position| position.values.clone());
            let mut most = FIRST;
            loop {
                let chunk = exports.chunk(&plan, &ground, after.as_deref(), most).await;
                let (last, read) = match &chunk {
                    Ok(rows) => (rows.last().map(|row| plan.position(row)), rows.len()),
                    Err(_) => (None, 0),
                };
                let full = i64::try_from(read).is_ok_and(|read| read == most);
                if let Ok(rows) = &chunk {
                    let bytes: usize = rows.iter().map(Row::bytes).sum();
                    let fitting = CHUNK.checked_div(bytes / read.max(1)).unwrap_or(0);
                    most = i64::try_from(fitting).unwrap_or(MOST).clamp(10, MOST);
                }
                if sender.send(chunk).await.is_err() || !full {
                    return;
                }
                after = last;
            }
        });
        receiver
    }

    async fn chunk(
        &self,
        plan: &Plan,
        ground: &Ground,
        after: Option<&[Option<String>]>,
        most: i64,
    ) -> Result<Vec<Row>, DbError> {
        let _permit = self.0.connections.acquire().await.expect("the semaphore is never closed");
        let idle = || self.0.idle.lock().expect("nothing panics while it holds the connections").pop();
        for attempt in 0.. {
            let reused = idle();
            let fresh = reused.is_none();
            let connection = match reused {
                Some(connection) => connection,
                None => {
                    let opened = self.0.database.reader(STATEMENT).await;
                    opened.map_err(|error| DbError::Unavailable(error.to_string()))?
                }
            };
            let select = Select::rows(plan, ground.release.number, ground.approximate, after, most);
            match select::load(&connection, select).await {
                Ok(rows) => {
                    self.0.idle.lock().expect("nothing panics while it holds the connections").push(connection);
                    return Ok(rows);
                }
                // A connection that has lain idle may have died meanwhile, which only shows when it is used.
                Err(error) if fresh || attempt > 4 => return Err(error.into()),
                Err(error) => log::warn!("an export's connection is replaced: {error}"),
            }
        }
        unreachable!("the last attempt always returns")
    }
}
