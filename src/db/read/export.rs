//! Owns exports: reads of any number of rows, in chunks by key at one release. They have their own runtime and their own
//! connections, so that many rows or a slow client do not delay other reads.
//!
//! A connection is held for one chunk only. The rows of a release never change, so chunks read at different times and from
//! different databases fit together.
//! Must not know what becomes of the rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel::pg::Pg;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::Untyped;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{Semaphore, mpsc};

use super::checked::Snapshot;
use super::chunks::{Chunk, Chunks, FIRST_CHUNK_ROWS, chunk_bytes, next_chunk_rows};
use super::completion::Completion;
use super::named_cells::NamedCells;
use crate::db::DbError;
use crate::db::connection::config::Database;
use crate::db::connection::export_pool::ExportPool;
use crate::db::connection::replicas::{ReplicaHandle, Replicas};
use crate::db::sql::select::Select;
use crate::query::Release;
use crate::query::{Plan, Row, Rows};

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
    /// The cells that rows have from the rows that they refer to.
    named: NamedCells,
    /// The exports that are being read.
    reading: AtomicUsize,
}

/// One chunk as the database gave it.
pub struct Fetched {
    /// The rows.
    pub rows: Rows,
    /// The number of rows to ask for next; none if these are the last.
    pub next: Option<i64>,
}

/// An export that is being read, until it is dropped. The more there are, the smaller are their chunks.
pub struct Reader(Exports);

impl Reader {
    /// Reads at most `limit` rows at a release, and fewer if they would have more bytes than a chunk.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn chunk<Q>(&self, release: &Release, query: impl Fn() -> Q, limit: i64) -> Result<Fetched, DbError>
    where
        Q: Query<SqlType = Untyped> + QueryFragment<Pg> + QueryId + Send,
    {
        let bytes = chunk_bytes(self.0.0.reading.load(Ordering::Relaxed));
        let (rows, more) = self.0.fetch_up_to(release, query, bytes).await?;
        let full = more || i64::try_from(rows.len()).is_ok_and(|read| read == limit);
        let next = (full && !rows.is_empty()).then(|| next_chunk_rows(&rows, bytes));
        Ok(Fetched { rows, next })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.0.reading.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for ExportState {
    fn drop(&mut self) {
        // Dropping a runtime waits for its tasks, which would block the thread of a worker.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Exports {
    /// Starts the runtime. At most `connections` connections are opened, on demand. `named` are the cells that the process keeps.
    ///
    /// # Panics
    /// If the system cannot start a thread.
    pub fn new(primary: Database, replicas: Replicas, connections: usize, named: NamedCells) -> Self {
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
            named,
            reading: AtomicUsize::new(0),
        }))
    }

    /// The runtime of exports, on which their rows are formatted too.
    ///
    /// # Panics
    /// Never: the runtime lives as long as the value.
    pub fn handle(&self) -> Handle {
        self.0.runtime.as_ref().expect("the runtime lives as long as the exports").handle().clone()
    }

    /// A reader of chunks.
    pub fn reader(&self) -> Reader {
        self.0.reading.fetch_add(1, Ordering::Relaxed);
        Reader(self.clone())
    }

    /// Starts reading all rows of a plan in its order, from its cursor on. Stops if the receiver is dropped. After an error no
    /// chunk follows; an export without a last chunk is incomplete.
    pub fn rows(&self, plan: Arc<Plan>, snapshot: Snapshot) -> Chunks {
        let (sender, receiver) = mpsc::channel(1);
        let (reader, first) = (Arc::new(self.reader()), plan.reading.after.as_ref().map(|position| position.values.clone()));
        let exports = self.clone();
        self.handle().spawn(async move {
            let completion = match exports.completion(&plan, &snapshot.release).await {
                Ok(completion) => Arc::new(completion),
                Err(error) => {
                    _ = sender.send(Err(error)).await;
                    return;
                }
            };
            let fetch = |after: Option<Vec<Option<String>>>, limit: i64| {
                let (reader, plan, snapshot) = (Arc::clone(&reader), Arc::clone(&plan), snapshot.clone());
                let completion = Arc::clone(&completion);
                async move {
                    let (release, approximate) = (snapshot.release.number, snapshot.approximate);
                    let select = || {
                        let fills = |at| completion.fills(at);
                        Select::export(&plan, (release, approximate), after.as_deref(), limit, completion.columns(), fills)
                    };
                    let Fetched { rows, next } = reader.chunk(&snapshot.release, select, limit).await?;
                    let next = rows.last().zip(next).map(|(row, limit)| (plan.position(row), limit));
                    Ok((rows, next))
                }
            };
            let mut fetched = Ok(fetch(first, FIRST_CHUNK_ROWS).await);
            loop {
                let (rows, next) = match fetched {
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
                slot.send(Ok(Chunk { rows: completion.complete(rows), last: ahead.is_none() }));
                let Some(ahead) = ahead else { return };
                fetched = ahead.await;
            }
        });
        Chunks::new(receiver)
    }

    /// How the rows of a plan are completed, with the named rows that this needs.
    async fn completion(&self, plan: &Plan, release: &Release) -> Result<Completion, DbError> {
        let mut completion = Completion::of_export(plan);
        for (at, query) in completion.queries(release.number).into_iter().enumerate() {
            let read = self.fetch(release, || query.clone());
            completion.keep(at, self.0.named.cells(&query, release, read).await?);
        }
        Ok(completion)
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
        self.fetch_up_to(release, query, usize::MAX).await.map(|(rows, _)| alone(&rows))
    }

    async fn fetch_up_to<Q>(&self, release: &Release, query: impl Fn() -> Q, bytes: usize) -> Result<(Rows, bool), DbError>
    where
        Q: Query<SqlType = Untyped> + QueryFragment<Pg> + QueryId + Send,
    {
        let _permit = self.0.connections.acquire().await.expect("the semaphore is never closed");
        if let Some(outcome) = self.read_from_replica(release, &query, bytes).await {
            return outcome;
        }
        tokio::select! {
            read = self.0.primary.fetch(None, 0, &query, bytes) => read,
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
        self.read_from_replica(release, &query, usize::MAX).await.map(|read| read.map(|(rows, _)| alone(&rows)))
    }

    async fn read_from_replica<Q>(
        &self,
        release: &Release,
        query: &impl Fn() -> Q,
        bytes: usize,
    ) -> Option<Result<(Rows, bool), DbError>>
    where
        Q: Query<SqlType = Untyped> + QueryFragment<Pg> + QueryId + Send,
    {
        let read = |replica: ReplicaHandle| self.0.replica_pools[replica.index].fetch(Some(release), replica.epoch, query, bytes);
        self.0.replicas.read(Some(release), read).await
    }
}

/// Few rows, each by itself.
fn alone(rows: &Rows) -> Vec<Row> {
    rows.iter().map(|row| row.cells().collect()).collect()
}
