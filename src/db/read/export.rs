//! Owns the reading of any number of rows: in chunks by key at one release, over connections of their own on a runtime
//! of their own, so that neither many rows nor a slow client is ever felt by quick reads.
//!
//! A connection is held for one chunk only. Rows of a release never change, so that chunks read at different times, from
//! whichever database has the release, fit.
//! Must not know what becomes of the rows.

use std::sync::Arc;
use std::time::Duration;

use diesel::pg::Pg;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::Untyped;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::checked::Snapshot;
use crate::db::DbError;
use crate::db::connection::config::Database;
use crate::db::connection::export_pool::Source;
use crate::db::connection::replicas::{Chosen, Replicas};
use crate::db::sql::select::Select;
use crate::metrics;
use crate::query::Release;
use crate::query::model::dataset::join_code;
use crate::query::{Kind, Plan, Row};

/// The rows of the first chunk; later ones follow the size of rows.
pub const FIRST: i64 = 500;

/// Text of one chunk, in bytes, as far as earlier rows tell.
const CHUNK: usize = 3 << 19;

/// The most rows of a chunk.
const MOST: i64 = 8000;

/// Exports that may run at once; one more is refused.
const RUNNING: usize = 32;

/// How long the database may be away before an export breaks off rather than waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The way to many rows, shared by all workers.
#[derive(Clone)]
pub struct Exports(Arc<Inner>);

struct Inner {
    primary: Source,
    replicas: Replicas,
    /// The replicas, by place.
    near: Vec<Source>,
    runtime: Option<Runtime>,
    connections: Semaphore,
    running: Arc<Semaphore>,
    counts: metrics::ExportCounters,
}

/// Some of the rows.
pub struct Chunk {
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// Whether there are no more.
    pub last: bool,
}

/// The rows of an export, as they come.
pub struct Chunks {
    first: Option<Chunk>,
    rest: mpsc::Receiver<Result<Chunk, DbError>>,
}

impl Chunks {
    pub fn new(rest: mpsc::Receiver<Result<Chunk, DbError>>) -> Self {
        Self { first: None, rest }
    }

    /// Waits for the first rows: while nothing has been sent a failure can still be told.
    ///
    /// # Errors
    /// The database's.
    pub async fn begun(mut self) -> Result<Self, DbError> {
        let gone = || Err(DbError::Failed("whoever reads the rows has gone".to_owned()));
        self.first = Some(self.rest.recv().await.unwrap_or_else(gone)?);
        Ok(self)
    }

    /// The next rows; nothing where those that must follow do not come. To be called where a thread may wait.
    pub fn wait_for_next(&mut self) -> Option<Result<Chunk, DbError>> {
        self.first.take().map(Ok).or_else(|| self.rest.blocking_recv())
    }
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
    pub fn new(primary: Database, replicas: Replicas, connections: usize, counts: metrics::ExportCounters) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("export")
            .enable_all()
            .build()
            .expect("the system gives a thread at start");
        Self(Arc::new(Inner {
            primary: Source::new(primary),
            near: replicas.databases().cloned().map(Source::new).collect(),
            replicas,
            runtime: Some(runtime),
            connections: Semaphore::new(connections),
            running: Arc::new(Semaphore::new(RUNNING)),
            counts,
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
        let permit = Arc::clone(&self.0.running).try_acquire_owned().ok().map(Permit);
        let counted = if permit.is_some() { &self.0.counts.started } else { &self.0.counts.refused };
        counted.inc();
        permit
    }

    /// How many exports run.
    pub fn running(&self) -> usize {
        RUNNING - self.0.running.available_permits()
    }

    /// Starts reading all rows of a plan, in its order, from its cursor on if it has one. Ends early when nobody
    /// receives any more; after an error nothing follows, and what ends without its last chunk has broken off.
    pub fn rows(&self, plan: Arc<Plan>, snapshot: Snapshot) -> Chunks {
        let (sender, receiver) = mpsc::channel(1);
        let (exports, first) = (self.clone(), plan.reading.after.as_ref().map(|position| position.values.clone()));
        let fetch = move |after: Option<Vec<Option<String>>>, most: i64| {
            let (exports, plan, snapshot) = (exports.clone(), Arc::clone(&plan), snapshot.clone());
            async move {
                let select = || Select::rows(&plan, snapshot.release.number, snapshot.approximate, after.as_deref(), most);
                let rows = exports.fetch(&snapshot.release, select).await?;
                let full = i64::try_from(rows.len()).is_ok_and(|read| read == most);
                let next = rows.last().filter(|_| full).map(|row| (plan.position(row), fitting(&rows)));
                Ok((rows, next, plan))
            }
        };
        self.handle().spawn(async move {
            let mut fetched = Ok(fetch(first, FIRST).await);
            loop {
                let (rows, next, plan) = match fetched {
                    Ok(Ok(chunk)) => chunk,
                    Ok(Err(error)) => {
                        _ = sender.send(Err(error)).await;
                        return;
                    }
                    // Whoever receives sees that the last chunk has not come.
                    Err(_) => return,
                };
                // Once there is room for this chunk the database reads the next, while this one is completed and handed over: a
                // client that stops reading leaves two chunks waiting, no more.
                let Ok(room) = sender.reserve().await else { return };
                let ahead = next.map(|(after, most)| tokio::spawn(fetch(Some(after), most)));
                room.send(Ok(Chunk { rows: with_codes(&plan, rows), last: ahead.is_none() }));
                let Some(ahead) = ahead else { return };
                fetched = ahead.await;
            }
        });
        Chunks::new(receiver)
    }

    /// Reads one chunk, at a release: from a replica that has it, else from the primary unless that is away for too long.
    ///
    /// # Errors
    /// The database's.
    pub async fn fetch<Q>(&self, release: &Release, query: impl Fn() -> Q) -> Result<Vec<Row>, DbError>
    where
        Q: Query<SqlType = Untyped> + QueryFragment<Pg> + QueryId + Send,
    {
        let _permit = self.0.connections.acquire().await.expect("the semaphore is never closed");
        let near = |chosen: Chosen| self.0.near[chosen.place].fetch(Some(release), chosen.absences, &query);
        if let Some(told) = self.0.replicas.read(Some(release), near).await {
            return told;
        }
        tokio::select! {
            read = self.0.primary.fetch(None, 0, &query) => read,
            () = self.0.primary.lasts(PATIENCE) => Err(DbError::Unavailable(format!("it is away for more than {PATIENCE:?}"))),
        }
    }
}

/// How many rows of this size make a chunk.
pub fn fitting(rows: &[Row]) -> i64 {
    let bytes: usize = rows.iter().map(Row::bytes).sum();
    let rows = CHUNK.checked_div(bytes / rows.len().max(1)).and_then(|rows| i64::try_from(rows).ok());
    rows.unwrap_or(MOST).clamp(10, MOST)
}

/// Makes the joined codes, which are left out where many rows are read: the database would take a quarter of its time to
/// put together what the row holds anyway.
fn with_codes(plan: &Plan, rows: Vec<Row>) -> Vec<Row> {
    let (columns, dataset) = (plan.read_columns(), plan.selection.context.dataset);
    let left_out =
        |row: &Row| columns.iter().zip(row.cells()).any(|(c, cell)| matches!(c.kind, Kind::JoinedCode) && cell.is_none());
    if !rows.first().is_some_and(left_out) {
        return rows;
    }
    let place = |name: &&str| columns.iter().position(|column| column.field().is_some_and(|field| field.name == *name));
    let parts: Vec<usize> = dataset.key.iter().filter_map(place).collect();
    let mut code = String::new();
    let joined = |row: Row| {
        let mut whole = Row::with_capacity(columns.len());
        for (column, cell) in columns.iter().zip(row.cells()) {
            if !matches!(column.kind, Kind::JoinedCode) {
                whole.push(cell);
                continue;
            }
            code.clear();
            join_code(&mut code, parts.iter().map(|part| (columns[*part].kind, row.cell(*part).unwrap_or_default())));
            whole.push(Some(&code));
        }
        whole
    };
    rows.into_iter().map(joined).collect()
}
