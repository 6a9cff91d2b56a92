//! Owns the work on publications that were handed in: one at a time, each on a connection of its own, written down as
//! far as it is.
//! Must not know who waits for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::Mutex;

use super::submission_queue::Asked;
use crate::db::DbError;
use crate::db::connection::config::{Client, Database};
use crate::db::write::audit::{self, By, Outcome};
use crate::db::write::submissions::{self, Claim, Settled, Standing, State};
use crate::metrics::Publications;
use crate::publish::audit_record;
use crate::publish::errors::PublishError;
use crate::publish::file_tree::FileTree;
use crate::publish::input::manifest::{File, Manifest};
use crate::publish::input::single_file_manifest::manifest_of;
use crate::publish::pipeline::{self, Job};
use crate::publish::progress::{Progress, Step};
use crate::publish::report::{self, Effect, Report};
use crate::query::Dataset;

/// How often it is written down how far a publication is.
const BEAT: Duration = Duration::from_secs(1);

/// What may come of a publication.
const OUTCOMES: [Outcome; 6] =
    [Outcome::Published, Outcome::Unchanged, Outcome::WouldPublish, Outcome::Refused, Outcome::Forbidden, Outcome::Failed];

/// Whoever does the work.
pub struct Worker {
    database: Database,
    registry: &'static [&'static Dataset],
    recipes: FileTree,
    turn: Mutex<()>,
    /// The connection for small questions.
    connection: Mutex<Option<Arc<Client>>>,
    counts: Publications,
}

impl Worker {
    /// A worker with nothing to do.
    pub fn new(database: Database, registry: &'static [&'static Dataset], recipes: FileTree, counts: Publications) -> Self {
        let counts = counts.expect(&OUTCOMES.map(Outcome::name));
        Self { database, registry, recipes, turn: Mutex::new(()), connection: Mutex::new(None), counts }
    }

    /// The connection for small questions.
    ///
    /// # Errors
    /// [`DbError::Unavailable`].
    pub async fn connection(&self) -> Result<Arc<Client>, DbError> {
        let mut open = self.connection.lock().await;
        if let Some(client) = open.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(self.database.writer().await.map_err(|error| DbError::Unavailable(error.to_string()))?);
        *open = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Does one publication when its turn has come.
    pub async fn work(self: &Arc<Self>, asked: Asked) -> Settled {
        let progress = Progress::start(&asked.claim.id);
        let beating = tokio::spawn(beat(Arc::clone(self), asked.claim.id.clone(), progress.clone()));
        let by = By {
            actor: asked.claim.key.clone(),
            files: asked.files.clone(),
            request_id: Some(asked.request_id.clone()),
            publication: Some(asked.claim.id.clone()),
        };
        let (outcome, started) = {
            let _turn = self.turn.lock().await;
            let started = Instant::now();
            (self.publish(&asked, &by, &progress).await, started)
        };
        beating.abort();
        if let Ok(Report { outcome: report::Outcome::Published, datasets, .. }) = &outcome {
            for Effect { dataset, counts } in datasets {
                self.counts.changed(dataset, [counts.added, counts.changed, counts.withdrawn]);
            }
        }
        let settled = self.settled(outcome, &asked, &by).await;
        self.counts.ended(settled.outcome.name(), started.elapsed());
        settled
    }

    async fn settled(&self, outcome: Result<Report, PublishError>, asked: &Asked, by: &By) -> Settled {
        match (audit_record::settled(&outcome, asked.folder.path()), outcome) {
            (Some(settled), _) => settled,
            (None, Err(error)) => {
                log::error!("the publication {} failed: {error}", asked.claim.id);
                self.fail(by, &asked.claim, &error).await
            }
            (None, Ok(_)) => unreachable!("what was published is settled"),
        }
    }

    async fn publish(&self, asked: &Asked, by: &By, progress: &Progress) -> Result<Report, PublishError> {
        let mut client = self.database.writer().await?;
        let (folder, recipes, trial) = (asked.folder.path().to_owned(), self.recipes.clone(), asked.claim.dry_run);
        let manifest = match &asked.alone {
            None => Manifest::read(&folder),
            Some((path, recipe)) => {
                let file = File { path: path.clone(), recipe: Some(recipe.clone()), ..File::default() };
                manifest_of(file, &folder, &recipes)
            }
        };
        let manifest = match manifest {
            Ok(manifest) => manifest,
            Err(error) => {
                let outcome = Err(error);
                audit_record::put_down(&client, by, (trial, &folder), &outcome).await?;
                return outcome;
            }
        };
        let job = Job {
            manifest,
            folder,
            recipes,
            bundle: None,
            trial,
            explain: 0,
            wait: true,
            received: Some(asked.files.iter().map(|(name, _)| name.clone()).collect()),
            rights: asked.rights.clone(),
            by: by.clone(),
        };
        pipeline::publish(&mut client, self.registry, &job, progress).await
    }

    /// Writes down that a publication failed, so that it can be asked for again at once; unless it had been made when the
    /// database was lost.
    async fn fail(&self, by: &By, claim: &Claim, error: &PublishError) -> Settled {
        let why = match error {
            PublishError::Database(DbError::Unavailable(_) | DbError::Late(_)) => Some("away"),
            PublishError::Database(DbError::ReadOnly(_)) => Some("read-only"),
            PublishError::Database(DbError::Full(_)) => Some("full"),
            _ => None,
        };
        let detail = json!({"passing": why.is_some(), "why": why});
        let settled = Settled { outcome: Outcome::Failed, release: None, detail };
        let written = match self.connection().await {
            Ok(client) => match submissions::find(&client, &claim.key, &claim.id).await {
                Ok(Some(Standing { settled: Some(made), .. })) => return made,
                Ok(_) => {
                    let line = by.line(claim.dry_run, settled.outcome, None, settled.detail.clone());
                    audit::record(client.as_ref(), &line).await
                }
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            log::warn!("the failure is not in the audit: {error}");
        }
        settled
    }
}

/// Writes down now and then how far a publication is.
async fn beat(worker: Arc<Worker>, id: String, progress: Progress) {
    loop {
        tokio::time::sleep(BEAT).await;
        let (step, bytes, _) = progress.now();
        let state = match step {
            Step::Queued => State::Queued,
            Step::Reading => State::Reading,
            Step::Checking | Step::Waiting => State::Checking,
            Step::Comparing | Step::Deriving => State::Comparing,
        };
        let written = match worker.connection().await {
            Ok(client) => submissions::progress(&client, &id, state, i64::try_from(bytes).unwrap_or(i64::MAX)).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            log::debug!("how far the publication {id} is cannot be written down: {error}");
        }
    }
}
