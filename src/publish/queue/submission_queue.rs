//! Owns the queue of publications. It has a runtime and a database connection of its own; a worker runs one publication
//! at a time, a few can wait, and each runs to its end even if its client disconnects.
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
use crate::db::write::submissions::{self, Inserted, Submission, SubmissionResult};
use crate::metrics::Publications;
use crate::publish::file_tree::FileTree;
use crate::publish::reader_process::ReaderSettings;
use crate::query::Dataset;

/// The most publications that can be received, wait or run at the same time.
const MAX_SUBMISSIONS: usize = 4;

/// The timeout of a query about keys and submissions.
const QUERY_TIMEOUT: Duration = Duration::from_secs(5);

/// The settings of the queue.
#[derive(Clone, Debug)]
pub struct QueueSettings {
    /// The folder for received files.
    pub uploads: PathBuf,
    /// The recipes that are called by name.
    pub recipes: FileTree,
    /// How the files are read.
    pub reader: ReaderSettings,
    /// The most bytes of one publication.
    pub limit: u64,
}

/// The queue, shared by all workers of the HTTP server.
#[derive(Clone)]
pub struct SubmissionQueue(Arc<QueueInner>);

struct QueueInner {
    worker: Arc<Worker>,
    runtime: Option<Runtime>,
    uploads: Option<Uploads>,
    limit: u64,
    permits: Arc<Semaphore>,
}

/// A permit to submit one publication, returned to the queue on drop.
pub struct QueuePermit(#[expect(dead_code, reason = "held for its end")] OwnedSemaphorePermit);

/// The result of submitting a publication.
pub enum Enqueued {
    /// It is in the queue; the channel gives its result.
    New(Submission, oneshot::Receiver<SubmissionResult>),
    /// A submission with the same idempotency key exists.
    Existing(Submission),
}

impl Drop for QueueInner {
    fn drop(&mut self) {
        // Dropping a runtime waits for its tasks, which is not allowed on a thread of another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl SubmissionQueue {
    /// Starts the queue. If the folder for files cannot be used, the queue accepts no publications, and the service
    /// goes on without it.
    ///
    /// # Panics
    /// Panics if the system cannot start a thread.
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
            worker: Arc::new(Worker::new(database, registry, (settings.recipes, settings.reader), counts)),
            runtime: Some(runtime),
            uploads,
            limit: settings.limit,
            permits: Arc::new(Semaphore::new(MAX_SUBMISSIONS)),
        }))
    }

    /// Makes a random identifier for a publication.
    ///
    /// # Errors
    /// Returns an error if the system gives no random bytes.
    pub fn new_id() -> Result<String, String> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| format!("the system gives no random bytes: {error}"))?;
        Ok(hex::encode(random))
    }

    /// The most bytes of one publication.
    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    /// Takes a permit. Returns None if too many publications are in progress.
    pub fn try_acquire(&self) -> Option<QueuePermit> {
        Arc::clone(&self.0.permits).try_acquire_owned().ok().map(QueuePermit)
    }

    /// Makes a folder for received files, which is deleted on drop.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be made.
    pub fn create_folder(&self) -> io::Result<TempDir> {
        self.0.uploads.as_ref().ok_or(io::ErrorKind::NotFound)?.folder()
    }

    /// Finds the API key with this hash of a token, valid or not.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached.
    pub async fn find_key(&self, hash: [u8; 32]) -> Result<Option<ApiKey>, DbError> {
        self.query(move |client| async move { api_keys::find(client.as_ref(), &hash).await }).await
    }

    /// Finds the submission with this identifier that was made with this key.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached.
    pub async fn find(&self, key: String, id: String) -> Result<Option<Submission>, DbError> {
        self.query(move |client| async move { submissions::find(&client, &key, &id).await }).await
    }

    /// Submits a publication.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached; then the publication does not run.
    pub async fn enqueue(&self, permit: QueuePermit, publication: QueuedPublication) -> Result<Enqueued, DbError> {
        let claim = publication.claim.clone();
        let submission = match self.query(move |client| async move { submissions::insert(&client, &claim).await }).await? {
            Inserted::New(submission) => submission,
            Inserted::Existing(submission) => return Ok(Enqueued::Existing(submission)),
        };
        let (sender, receiver) = oneshot::channel();
        let worker = Arc::clone(&self.0.worker);
        self.runtime().spawn(async move {
            let result = worker.run(publication).await;
            drop(permit);
            // The receiver is gone if the client has disconnected. The audit has the result.
            _ = sender.send(result);
        });
        Ok(Enqueued::New(submission, receiver))
    }

    fn runtime(&self) -> &Runtime {
        self.0.runtime.as_ref().expect("the runtime lives as long as its handles")
    }

    /// Runs a short query on the queue's runtime, to which the connection belongs.
    async fn query<T, F>(&self, question: impl FnOnce(Arc<Client>) -> F + Send + 'static) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, DbError>> + Send,
    {
        let worker = Arc::clone(&self.0.worker);
        let asking = self.runtime().spawn(async move {
            let asked = async { question(worker.connection().await?).await };
            tokio::time::timeout(QUERY_TIMEOUT, asked).await.map_err(|_| DbError::Timeout("no answer in time".to_owned()))?
        });
        asking.await.map_err(|error| DbError::Failed(error.to_string()))?
    }
}
