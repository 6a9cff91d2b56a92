//! Owns the queue of publications. It has a runtime and a database connection of its own; a worker runs one publication
//! at a time, a few can wait, and each runs to its end even if its client disconnects.
//! Must not know HTTP.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::over_limit::OverLimit;
use super::queued_publication::QueuedPublication;
use super::uploads::Uploads;
use super::worker::Worker;
use crate::db::DbError;
use crate::db::connection::config::{Client, Database};
use crate::db::write::api_keys::{self, ApiKey};
use crate::db::write::attempts;
use crate::db::write::submissions::{self, Enqueuing, Submission, SubmissionResult};
use crate::keyed_permits::{KeyedPermit, KeyedPermits, LimitReached};
use crate::metrics::Publications;
use crate::publish::file_tree::FileTree;
use crate::publish::reader_process::ReaderSettings;
use crate::query::Dataset;

/// The most publications that can be received, wait or run at the same time.
const PLACES: u64 = 8;

/// The most of these places that one key can have, so that the slow uploads of one leave places for others.
pub const PLACES_PER_KEY: u64 = 2;

/// The time until the first look for publications whose server has died, and between two looks.
const LOOK_FOR_DEAD: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));

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
    permits: KeyedPermits<String>,
    over_limit: OverLimit,
}

/// A permit to submit one publication, returned to the queue on drop.
pub struct QueuePermit(#[expect(dead_code, reason = "held for its end")] KeyedPermit<String>);

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
        let worker = Arc::new(Worker::new(database, registry, (settings.recipes, settings.reader), counts));
        runtime.spawn(record_dead(Arc::clone(&worker)));
        Self(Arc::new(QueueInner {
            worker,
            runtime: Some(runtime),
            uploads,
            limit: settings.limit,
            permits: KeyedPermits::new(PLACES, PLACES_PER_KEY),
            over_limit: OverLimit::default(),
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

    /// Takes a permit for a key.
    ///
    /// # Errors
    /// Returns the limit that is reached: that of all publications in progress, or that of the key.
    pub fn try_acquire(&self, key: &str) -> Result<QueuePermit, LimitReached> {
        self.0.permits.try_acquire(&key.to_owned(), 1).map(QueuePermit)
    }

    /// Counts a request over the rate limit of a key. Returns the number of those that no line of the audit counts yet, if it is
    /// time for a line.
    pub fn count_over_limit(&self, key: &str) -> Option<u64> {
        self.0.over_limit.count(key, Instant::now())
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

    /// Submits a publication that was received under [`Attempt::receive`](super::attempt::Attempt::receive).
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached; then the publication does not run.
    pub async fn enqueue(&self, permit: QueuePermit, publication: QueuedPublication) -> Result<Enqueued, DbError> {
        let claim = publication.claim.clone();
        let submission = match self.query(move |client| async move { submissions::enqueue(&client, &claim).await }).await? {
            Enqueuing::New(submission) => submission,
            Enqueuing::Existing(submission) => return Ok(Enqueued::Existing(submission)),
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

    /// Starts a task on the queue's runtime.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.runtime().spawn(task).abort_handle()
    }

    /// Runs a short query on the queue's runtime, to which the connection belongs.
    pub(super) async fn query<T, F>(&self, question: impl FnOnce(Arc<Client>) -> F + Send + 'static) -> Result<T, DbError>
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

/// Looks at intervals for publications whose server has died, and records their end in the audit.
async fn record_dead(worker: Arc<Worker>) {
    tokio::time::sleep(LOOK_FOR_DEAD.0).await;
    loop {
        let recorded = match worker.connection().await {
            Ok(client) => tokio::time::timeout(QUERY_TIMEOUT, attempts::record_dead(&client)).await.unwrap_or(Ok(0)),
            Err(error) => Err(error),
        };
        match recorded {
            Ok(0) => {}
            Ok(count) => log::warn!("{count} publication(s) ended with their server; the audit says so"),
            Err(error) => log::debug!("publications whose server has died cannot be looked for: {error}"),
        }
        tokio::time::sleep(LOOK_FOR_DEAD.1).await;
    }
}
