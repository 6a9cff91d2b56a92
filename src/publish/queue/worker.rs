//! Owns the running of queued publications: one at a time, dry runs beside it, each on a connection of its own, with its progress in the
//! table of submissions.
//! Must not know the clients.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::{Mutex, Semaphore};

use super::queued_publication::QueuedPublication;
use crate::db::DbError;
use crate::db::connection::config::{Client, Database};
use crate::db::write::audit::{self, Requester};
use crate::db::write::submissions::{self, NewSubmission, Submission, SubmissionResult};
use crate::metrics::Publications;
use crate::publication::{Outcome, Report};
use crate::publish::audit_record;
use crate::publish::errors::PublishError;
use crate::publish::file_tree::FileTree;
use crate::publish::input::manifest::ManifestFile;
use crate::publish::job::Job;
use crate::publish::pipeline;
use crate::publish::progress::Progress;
use crate::publish::reader_process::{ManifestSource, ReaderSettings};
use crate::query::Dataset;

/// The interval between updates of the progress.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// The worker.
pub struct Worker {
    database: Database,
    registry: &'static [&'static Dataset],
    recipes: FileTree,
    reader: ReaderSettings,
    /// Held by a publication from its beginning to its end.
    lock: Mutex<()>,
    /// Held while files are read, by dry runs too.
    turns: Arc<Semaphore>,
    /// The connection for short queries.
    connection: Mutex<Option<Arc<Client>>>,
    counts: Publications,
}

impl Worker {
    /// Makes an idle worker.
    pub fn new(
        database: Database,
        registry: &'static [&'static Dataset],
        (recipes, reader): (FileTree, ReaderSettings),
        counts: Publications,
    ) -> Self {
        Self {
            database,
            registry,
            recipes,
            reader,
            lock: Mutex::new(()),
            turns: Arc::new(Semaphore::new(1)),
            connection: Mutex::new(None),
            counts,
        }
    }

    /// The connection for short queries, opened again if it was lost.
    ///
    /// # Errors
    /// Returns [`DbError::Unavailable`] if no connection can be opened.
    pub async fn connection(&self) -> Result<Arc<Client>, DbError> {
        let mut open = self.connection.lock().await;
        if let Some(client) = open.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(self.database.writer().await.map_err(|error| DbError::Unavailable(error.to_string()))?);
        *open = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Runs a publication after those before it.
    pub async fn run(self: &Arc<Self>, publication: QueuedPublication) -> SubmissionResult {
        let progress = Progress::start(&publication.claim.id);
        let reporting = tokio::spawn(report_progress(Arc::clone(self), publication.claim.id.clone(), progress.clone()));
        let requester = Requester {
            actor: publication.claim.key.clone(),
            files: publication.files.clone(),
            request_id: Some(publication.request_id.clone()),
            publication: Some(publication.claim.id.clone()),
        };
        let (outcome, started) = {
            // A dry run waits for no publication.
            let _guard = if publication.claim.dry_run { None } else { Some(self.lock.lock().await) };
            let started = Instant::now();
            (self.publish(&publication, &requester, &progress).await, started)
        };
        reporting.abort();
        if let Ok(Report { outcome: Outcome::Published, datasets, .. }) = &outcome {
            datasets.iter().for_each(|effect| self.counts.changed(effect));
        }
        let result = self.result(outcome, &publication, &requester).await;
        self.counts.ended(result.outcome, started.elapsed());
        result
    }

    async fn result(
        &self,
        outcome: Result<Report, PublishError>,
        publication: &QueuedPublication,
        requester: &Requester,
    ) -> SubmissionResult {
        match (audit_record::result(&outcome, publication.folder.path()), outcome) {
            (Some(result), _) => result,
            (None, Err(error)) => {
                log::error!("the publication {} failed: {error}", publication.claim.id);
                self.record_failure(requester, &publication.claim, &error).await
            }
            (None, Ok(_)) => unreachable!("a report is a result"),
        }
    }

    async fn publish(
        &self,
        publication: &QueuedPublication,
        requester: &Requester,
        progress: &Progress,
    ) -> Result<Report, PublishError> {
        let mut client = self.database.writer().await?;
        let (folder, recipes, dry_run) = (publication.folder.path().to_owned(), self.recipes.clone(), publication.claim.dry_run);
        let manifest = match &publication.alone {
            None => ManifestSource::Folder,
            Some((path, recipe)) => {
                let file = ManifestFile { path: path.clone(), recipe: Some(recipe.clone()), ..ManifestFile::default() };
                ManifestSource::SingleFile(Box::new(file))
            }
        };
        let job = Job {
            manifest,
            folder,
            recipes,
            reader: self.reader.clone(),
            turns: Arc::clone(&self.turns),
            bundle: None,
            dry_run,
            explain: 0,
            wait: true,
            received: Some(publication.files.iter().map(|(name, _)| name.clone()).collect()),
            key: Some(publication.key.clone()),
            requester: requester.clone(),
        };
        pipeline::publish(&mut client, self.registry, &job, progress).await
    }

    /// Records in the audit that a publication failed, so that a client can retry it at once. If the release was
    /// committed before the connection was lost, returns that result instead.
    async fn record_failure(&self, requester: &Requester, claim: &NewSubmission, error: &PublishError) -> SubmissionResult {
        let why = match error {
            PublishError::Database(DbError::Unavailable(_) | DbError::Timeout(_)) => Some("away"),
            PublishError::Database(DbError::ReadOnly(_)) => Some("read-only"),
            PublishError::Database(DbError::DiskFull(_)) => Some("full"),
            _ => None,
        };
        let detail = json!({"passing": why.is_some(), "why": why});
        let result = SubmissionResult { outcome: Outcome::Failed, release: None, detail };
        let written = match self.connection().await {
            Ok(client) => match submissions::find(&client, &claim.key, &claim.id).await {
                Ok(Some(Submission { result: Some(made), .. })) => return made,
                Ok(_) => {
                    let line = requester.entry(claim.dry_run, result.outcome, None, result.detail.clone());
                    audit::record(client.as_ref(), &line).await
                }
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            log::warn!("the failure is not in the audit: {error}");
        }
        result
    }
}

/// Updates the progress of a publication at intervals.
async fn report_progress(worker: Arc<Worker>, id: String, progress: Progress) {
    loop {
        tokio::time::sleep(PROGRESS_INTERVAL).await;
        let (phase, bytes, _) = progress.current();
        let written = match worker.connection().await {
            Ok(client) => submissions::update_progress(&client, &id, phase, i64::try_from(bytes).unwrap_or(i64::MAX)).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            log::debug!("how far the publication {id} is cannot be written down: {error}");
        }
    }
}
