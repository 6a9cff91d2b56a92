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

use super::uploads::Uploads;
use super::worker::Worker;
use crate::access::Rights;
use crate::db::DbError;
use crate::db::connection::config::{Client, Database};
use crate::db::write::api_keys::{self, Key};
use crate::db::write::submissions::{self, Claim, Settled, Standing};
use crate::metrics::Publications;
use crate::publish::file_tree::FileTree;
use crate::query::Dataset;

/// Publications that may be received, wait or be worked on at once; one more is refused.
const PLACES: usize = 4;

/// How long a small question to the database may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the desk goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder in which files are received.
    pub uploads: PathBuf,
    /// The recipes that are called by name.
    pub recipes: FileTree,
    /// The most bytes of one publication.
    pub limit: u64,
}

/// The desk, shared by all workers.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    worker: Arc<Worker>,
    runtime: Option<Runtime>,
    uploads: Option<Uploads>,
    limit: u64,
    places: Arc<Semaphore>,
}

/// The right to hand one publication in, given back when that ends.
pub struct Place(#[expect(dead_code, reason = "held for its end")] OwnedSemaphorePermit);

/// A publication that is handed in.
pub struct Asked {
    /// What it is, and who asks.
    pub claim: Claim,
    /// What the key admits.
    pub rights: Rights,
    /// The request that asks.
    pub request_id: String,
    /// The files as they were received: name and SHA-256.
    pub files: Vec<(String, String)>,
    /// The folder with the manifest and the files.
    pub folder: TempDir,
    /// The file that comes without a manifest, and its recipe.
    pub alone: Option<(String, String)>,
}

/// What is answered at the desk.
pub enum Answer {
    /// It will be done; what came of it follows.
    Taken(oneshot::Receiver<Settled>),
    /// It was asked for before under the same idempotency key.
    Known(Standing),
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A runtime that is simply dropped would wait for its tasks, which no worker's thread may do.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Desk {
    /// Opens the desk. Where the folder for files cannot be used nothing can be handed in, and the rest of the service is
    /// none the worse.
    ///
    /// # Panics
    /// When the system gives no thread.
    pub fn new(database: Database, registry: &'static [&'static Dataset], settings: Settings, counts: Publications) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("publish")
            .enable_all()
            .build()
            .expect("the system gives a thread at start");
        let unusable = |error| log::error!("{} cannot be used: {error}", settings.uploads.display());
        let uploads = Uploads::open(&settings.uploads).map_err(unusable).ok();
        Self(Arc::new(Inner {
            worker: Arc::new(Worker::new(database, registry, settings.recipes, counts)),
            runtime: Some(runtime),
            uploads,
            limit: settings.limit,
            places: Arc::new(Semaphore::new(PLACES)),
        }))
    }

    /// A new identifier of a publication.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn identifier() -> Result<String, String> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| format!("the system gives no random bytes: {error}"))?;
        Ok(hex::encode(random))
    }

    /// The most bytes of one publication.
    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    /// The right to hand one publication in; nothing when too many are.
    pub fn place(&self) -> Option<Place> {
        Arc::clone(&self.0.places).try_acquire_owned().ok().map(Place)
    }

    /// A folder to receive files in, gone with what is given.
    ///
    /// # Errors
    /// The disk's.
    pub fn folder(&self) -> io::Result<TempDir> {
        self.0.uploads.as_ref().ok_or(io::ErrorKind::NotFound)?.folder()
    }

    /// The key with this hash of a token, of use or not.
    ///
    /// # Errors
    /// The database's.
    pub async fn key(&self, hash: [u8; 32]) -> Result<Option<Key>, DbError> {
        self.ask(move |client| async move { api_keys::find(client.as_ref(), &hash).await }).await
    }

    /// How far a publication is that was asked for with this key.
    ///
    /// # Errors
    /// The database's.
    pub async fn standing(&self, key: String, id: String) -> Result<Option<Standing>, DbError> {
        self.ask(move |client| async move { submissions::find(&client, &key, &id).await }).await
    }

    /// Hands a publication in.
    ///
    /// # Errors
    /// The database's; then it is not done.
    pub async fn hand_in(&self, place: Place, asked: Asked) -> Result<Answer, DbError> {
        let claim = asked.claim.clone();
        if let Some(known) = self.ask(move |client| async move { submissions::claim(&client, &claim).await }).await? {
            return Ok(Answer::Known(known));
        }
        let (sender, receiver) = oneshot::channel();
        let worker = Arc::clone(&self.0.worker);
        self.runtime().spawn(async move {
            let settled = worker.work(asked).await;
            drop(place);
            // Whoever asked may have gone; the audit says what came of it.
            _ = sender.send(settled);
        });
        Ok(Answer::Taken(receiver))
    }

    fn runtime(&self) -> &Runtime {
        self.0.runtime.as_ref().expect("the runtime lives as long as its handles")
    }

    /// Asks the database something small, on the desk's runtime, to which the connection belongs.
    async fn ask<T, F>(&self, question: impl FnOnce(Arc<Client>) -> F + Send + 'static) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, DbError>> + Send,
    {
        let worker = Arc::clone(&self.0.worker);
        let asking = self.runtime().spawn(async move {
            let asked = async { question(worker.connection().await?).await };
            tokio::time::timeout(PATIENCE, asked).await.map_err(|_| DbError::Late("no answer in time".to_owned()))?
        });
        asking.await.map_err(|error| DbError::Failed(error.to_string()))?
    }
}
