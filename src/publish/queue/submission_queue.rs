//! Owns the desk where publications are handed in while the service runs: one is worked on at a time, on a runtime and a
//! connection of its own, few may wait, and none is dropped half way because whoever asked has gone.
//! Must not know HTTP.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::queued_publication::QueuedPublication;
use super::uploads::Uploads;
use super::worker::Worker;
use crate::db::DbError;
use crate::db::connection::config::{Client, Database};
use crate::db::write::api_keys::{self, ApiKey};
use crate::db::write::submissions::{self, Submission, SubmissionResult};
use crate::metrics::Publications;
use crate::publish::file_tree::FileTree;
use crate::query::Dataset;

/// Publications that may be received, wait or be worked on at once; one more is refused.
const MAX_SUBMISSIONS: usize = 4;

/// How long a small question to the database may take.
const QUERY_TIMEOUT: Duration = Duration::from_secs(5);

/// What the desk goes by.
#[derive(Clone, Debug)]
pub struct QueueSettings {
    /// The folder in which files are received.
    pub uploads: PathBuf,
    /// The recipes that are called by name.
    pub recipes: FileTree,
    /// The most bytes of one publication.
    pub limit: u64,
}

/// The desk, shared by all workers.
#[derive(Clone)]
pub struct SubmissionQueue(Arc<QueueInner>);

struct QueueInner {
    worker: Arc<Worker>,
    runtime: Option<Runtime>,
    uploads: Option<Uploads>,
    limit: u64,
    permits: Arc<Semaphore>,
}

/// The right to hand one publication in, given back when that ends.
pub struct QueuePermit(#[expect(dead_code, reason = "held for its end")] OwnedSemaphorePermit);

/// What is answered at the desk.
pub enum Enqueued {
    /// It will be done; what came of it follows.
    New(oneshot::Receiver<SubmissionResult>),
    /// It was asked for before under the same idempotency key.
    Existing(Submission),
}

impl Drop for QueueInner {
    fn drop(&mut self) {
        // A runtime that is simply dropped would wait for its tasks, which no worker's thread may do.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl SubmissionQueue {
    /// Opens the desk. Where the folder for files cannot be used nothing can be handed in, and the rest of the service is
    /// none the worse.
    ///
    /// # Panics
    /// When the system gives no thread.
    pub fn new(database: Database, registry: &'static [&'static Dataset], settings: QueueSettings, counts: Publications) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("publish")
            .enable_all()
            .build()
            .expect("the system gives a thread at start");
        let unusable = |error| log::error!("{} cannot be used: {error}", settings.uploads.display());
        let uploads = Uploads::open(&settings.uploads).map_err(unusable).ok();
        Self(Arc::new(QueueInner {
            worker: Arc::new(Worker::new(database, registry, settings.recipes, counts)),
            runtime: Some(runtime),
            uploads,
            limit: settings.limit,
            permits: Arc::new(Semaphore::new(MAX_SUBMISSIONS)),
        }))
    }

    /// A new identifier of a publication.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new_id() -> Result<String, String> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| format!("the system gives no random bytes: {error}"))?;
        Ok(hex::encode(random))
    }

    /// The most bytes of one publication.
    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    /// The right to hand one publication in; nothing when too many are.
    pub fn try_acquire(&self) -> Option<QueuePermit> {
        Arc::clone(&self.0.permits).try_acquire_owned().ok().map(QueuePermit)
    }

    /// A folder to receive files in, gone with what is given.
    ///
    /// # Errors
    /// The disk's.
    pub fn create_folder(&self) -> io::Result<TempDir> {
        self.0.uploads.as_ref().ok_or(io::ErrorKind::NotFound)?.folder()
    }

    /// The key with this hash of a token, of use or not.
    ///
    /// # Errors
    /// The database's.
    pub async fn find_key(&self, hash: [u8; 32]) -> Result<Option<ApiKey>, DbError> {
        self.query(move |client| async move { api_keys::find(client.as_ref(), &hash).await }).await
    }

    /// How far a publication is that was asked for with this key.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(&self, key: String, id: String) -> Result<Option<Submission>, DbError> {
        self.query(move |client| async move { submissions::find(&client, &key, &id).await }).await
    }

    /// Hands a publication in.
    ///
    /// # Errors
    /// The database's; then it is not done.
    pub async fn enqueue(&self, permit: QueuePermit, publication: QueuedPublication) -> Result<Enqueued, DbError> {
        let claim = publication.claim.clone();
        if let Some(known) = self.query(move |client| async move { submissions::insert(&client, &claim).await }).await? {
            return Ok(Enqueued::Existing(known));
        }
        let (sender, receiver) = oneshot::channel();
        let worker = Arc::clone(&self.0.worker);
        self.runtime().spawn(async move {
            let result = worker.run(publication).await;
            drop(permit);
            // Whoever asked may have gone; the audit says what came of it.
            _ = sender.send(result);
        });
        Ok(Enqueued::New(receiver))
    }

    fn runtime(&self) -> &Runtime {
        self.0.runtime.as_ref().expect("the runtime lives as long as its handles")
    }

    /// Asks the database something small, on the desk's runtime, to which the connection belongs.
    async fn query<T, F>(&self, question: impl FnOnce(Arc<Client>) -> F + Send + 'static) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, DbError>> + Send,
    {
        let worker = Arc::clone(&self.0.worker);
        let asking = self.runtime().spawn(async move {
            let asked = async { question(worker.connection().await?).await };
            tokio::time::timeout(QUERY_TIMEOUT, asked).await.map_err(|_| DbError::Late("no answer in time".to_owned()))?
        });
        asking.await.map_err(|error| DbError::Failed(error.to_string()))?
    }
}
