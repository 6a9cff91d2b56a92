//! Owns exports: reads of any number of rows, in chunks by key at one release. They have their own runtime and their own
//! connections, so that many rows or a slow client do not delay other reads.
//!
//! A connection is held for one chunk only. The rows of a release never change, so chunks read at different times and from
//! different databases fit together.
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
use crate::db::connection::export_pool::ExportPool;
use crate::db::connection::replicas::{ReplicaHandle, Replicas};
use crate::db::sql::select::Select;
use crate::metrics;
use crate::query::Release;
use crate::query::model::dataset::join_code;
use crate::query::{Kind, Plan, Row};

/// The rows of the first chunk; the size of its rows decides for the next.
pub const FIRST_CHUNK_ROWS: i64 = 500;

/// The intended size of a chunk in bytes of text, estimated from the chunk before.
const CHUNK_BYTES: usize = 3 << 19;

/// The most rows of a chunk.
const MAX_CHUNK_ROWS: i64 = 8000;

/// The most exports at once.
const MAX_EXPORTS: usize = 32;

/// The length of an outage after which a running export fails.
const OUTAGE_LIMIT: Duration = Duration::from_secs(5);

/// The exports of the process. Clones share their state.
#[derive(Clone)]
pub struct Exports(Arc<ExportState>);

struct ExportState {
    primary: ExportPool,
    replicas: Replicas,
    /// In the order of [`Replicas::databases`].
    replica_pools: Vec<ExportPool>,
    runtime: Option<Runtime>,
    connections: Semaphore,
    running: Arc<Semaphore>,
    metrics: metrics::ExportCounters,
}

/// A part of an export.
pub struct Chunk {
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// Whether it is the last chunk.
    pub last: bool,
}

/// The chunks of an export, in order.
pub struct Chunks {
    first: Option<Chunk>,
    rest: mpsc::Receiver<Result<Chunk, DbError>>,
}

impl Chunks {
    /// The chunks that a channel delivers.
    pub fn new(rest: mpsc::Receiver<Result<Chunk, DbError>>) -> Self {
        Self { first: None, rest }
    }

    /// Waits for the first chunk, so that an error can still be sent as the status of the response.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn begun(mut self) -> Result<Self, DbError> {
        let closed = || Err(DbError::Failed("the export task ended without a chunk".to_owned()));
        self.first = Some(self.rest.recv().await.unwrap_or_else(closed)?);
        Ok(self)
    }

    /// Blocks until the next chunk; `None` if the export ended. Must not be called on a thread of a runtime.
    pub fn wait_for_next(&mut self) -> Option<Result<Chunk, DbError>> {
        self.first.take().map(Ok).or_else(|| self.rest.blocking_recv())
    }
}

/// A permit to run one export, which is released when it is dropped.
pub struct Permit(#[expect(dead_code, reason = "released on drop")] OwnedSemaphorePermit);

impl Drop for ExportState {
    fn drop(&mut self) {
        // Dropping a runtime waits for its tasks, which would block the thread of a worker.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Exports {
    /// Starts the runtime. At most `connections` connections are opened, on demand.
    ///
    /// # Panics
    /// If the system cannot start a thread.
    pub fn new(primary: Database, replicas: Replicas, connections: usize, counts: metrics::ExportCounters) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("export")
            .enable_all()
            .build()
            .expect("the system can start threads");
        Self(Arc::new(ExportState {
            primary: ExportPool::new(primary),
            replica_pools: replicas.databases().cloned().map(ExportPool::new).collect(),
            replicas,
            runtime: Some(runtime),
            connections: Semaphore::new(connections),
            running: Arc::new(Semaphore::new(MAX_EXPORTS)),
            metrics: counts,
        }))
    }

    /// The runtime of exports, on which their rows are formatted too.
    ///
    /// # Panics
    /// Never: the runtime lives as long as the value.
    pub fn handle(&self) -> Handle {
        self.0.runtime.as_ref().expect("the runtime lives as long as the exports").handle().clone()
    }

    /// A permit to run an export; `None` if too many run.
    pub fn permit(&self) -> Option<Permit> {
        let permit = Arc::clone(&self.0.running).try_acquire_owned().ok().map(Permit);
        let counted = if permit.is_some() { &self.0.metrics.started } else { &self.0.metrics.refused };
        counted.inc();
        permit
    }

    /// The number of running exports.
    pub fn running(&self) -> usize {
        MAX_EXPORTS - self.0.running.available_permits()
    }

    /// Starts reading all rows of a plan in its order, from its cursor on. Stops if the receiver is dropped. After an error no
    /// chunk follows; an export without a last chunk is incomplete.
    pub fn rows(&self, plan: Arc<Plan>, snapshot: Snapshot) -> Chunks {
        let (sender, receiver) = mpsc::channel(1);
        let (exports, first) = (self.clone(), plan.reading.after.as_ref().map(|position| position.values.clone()));
        let fetch = move |after: Option<Vec<Option<String>>>, limit: i64| {
            let (exports, plan, snapshot) = (exports.clone(), Arc::clone(&plan), snapshot.clone());
            async move {
                let select = || Select::rows(&plan, snapshot.release.number, snapshot.approximate, after.as_deref(), limit);
                let rows = exports.fetch(&snapshot.release, select).await?;
                let full = i64::try_from(rows.len()).is_ok_and(|read| read == limit);
                let next = rows.last().filter(|_| full).map(|row| (plan.position(row), next_chunk_rows(&rows)));
                Ok((rows, next, plan))
            }
        };
        self.handle().spawn(async move {
            let mut fetched = Ok(fetch(first, FIRST_CHUNK_ROWS).await);
            loop {
                let (rows, next, plan) = match fetched {
                    Ok(Ok(chunk)) => chunk,
                    Ok(Err(error)) => {
                        _ = sender.send(Err(error)).await;
                        return;
                    }
                    // The receiver sees that no last chunk has come.
                    Err(_) => return,
                };
                // The database reads the next chunk while this one is completed and sent, but not before the channel has room
                // for this one. A client that stops reading leaves two chunks in memory.
                let Ok(slot) = sender.reserve().await else { return };
                let ahead = next.map(|(after, limit)| tokio::spawn(fetch(Some(after), limit)));
                slot.send(Ok(Chunk { rows: with_codes(&plan, rows), last: ahead.is_none() }));
                let Some(ahead) = ahead else { return };
                fetched = ahead.await;
            }
        });
        Chunks::new(receiver)
    }

    /// Reads one chunk at a release, from a replica that has it, else from the primary. An outage of the primary beyond the
    /// limit is an error.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn fetch<Q>(&self, release: &Release, query: impl Fn() -> Q) -> Result<Vec<Row>, DbError>
    where
        Q: Query<SqlType = Untyped> + QueryFragment<Pg> + QueryId + Send,
    {
        let _permit = self.0.connections.acquire().await.expect("the semaphore is never closed");
        if let Some(outcome) = self.read_from_replica(release, &query).await {
            return outcome;
        }
        tokio::select! {
            read = self.0.primary.fetch(None, 0, &query) => read,
            () = self.0.primary.down_for(OUTAGE_LIMIT) => Err(DbError::Unavailable(format!("unreachable for more than {OUTAGE_LIMIT:?}"))),
        }
    }

    /// Reads what a replica that has a release knows; `None` if only the primary is left. Of what is not part of a release, a
    /// replica may lack the newest.
    ///
    /// # Errors
    /// Returns an error if the replica refuses the statement.
    pub async fn fetch_from_replica<Q>(&self, release: &Release, query: impl Fn() -> Q) -> Option<Result<Vec<Row>, DbError>>
    where
        Q: Query<SqlType = Untyped> + QueryFragment<Pg> + QueryId + Send,
    {
        let _permit = self.0.connections.acquire().await.expect("the semaphore is never closed");
        self.read_from_replica(release, &query).await
    }

    async fn read_from_replica<Q>(&self, release: &Release, query: &impl Fn() -> Q) -> Option<Result<Vec<Row>, DbError>>
    where
        Q: Query<SqlType = Untyped> + QueryFragment<Pg> + QueryId + Send,
    {
        let read = |replica: ReplicaHandle| self.0.replica_pools[replica.index].fetch(Some(release), replica.epoch, query);
        self.0.replicas.read(Some(release), read).await
    }
}

/// The number of rows of the next chunk, if they are as large as these.
pub fn next_chunk_rows(rows: &[Row]) -> i64 {
    let bytes: usize = rows.iter().map(Row::bytes).sum();
    let rows = CHUNK_BYTES.checked_div(bytes / rows.len().max(1)).and_then(|rows| i64::try_from(rows).ok());
    rows.unwrap_or(MAX_CHUNK_ROWS).clamp(10, MAX_CHUNK_ROWS)
}

/// Fills in the joined codes, which large reads leave out: the database would spend a quarter of its time on joining fields
/// that the row holds anyway.
fn with_codes(plan: &Plan, rows: Vec<Row>) -> Vec<Row> {
    let (columns, dataset) = (plan.read_columns(), plan.selection.context.dataset);
    let left_out =
        |row: &Row| columns.iter().zip(row.cells()).any(|(c, cell)| matches!(c.kind, Kind::JoinedCode) && cell.is_none());
    if !rows.first().is_some_and(left_out) {
        return rows;
    }
    let index = |name: &&str| columns.iter().position(|column| column.field().is_some_and(|field| field.name == *name));
    let parts: Vec<usize> = dataset.key.iter().filter_map(index).collect();
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
