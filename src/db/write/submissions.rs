//! Owns submissions: publications sent over HTTP, their idempotency keys and their progress. The result of a submission is
//! its line in the audit, which is written in the transaction of the release.
//! Must not know what a publication does.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::attempts;
use crate::db::DbError;
use crate::db::connection::config::Client;
use crate::db::connection::diesel_client::DieselClient;
use crate::db::schema::{audit, publications};
use crate::db::sql::functions::clock_timestamp;
use crate::publication::{Outcome, Phase, PublicationState};

/// How often a submission looks again for an earlier one with the same idempotency key, when others send it at the same time.
const ATTEMPTS: usize = 3;

/// The result of a submission.
#[derive(Clone, Debug)]
pub struct SubmissionResult {
    /// How it ended.
    pub outcome: Outcome,
    /// The number of the new release.
    pub release: Option<i32>,
    /// The report or the errors, as JSON.
    pub detail: Value,
}

/// A submission as the database has it.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Its identifier.
    pub id: String,
    /// The digest of the request.
    pub digest: String,
    /// Whether it is a dry run.
    pub dry_run: bool,
    /// Its state.
    pub state: PublicationState,
    /// When it was received.
    pub created_at: DateTime<Utc>,
    /// How many bytes of its files have been read.
    pub bytes_read: i64,
    /// How many bytes its files have.
    pub bytes_total: i64,
    /// Its result, once it has ended.
    pub result: Option<SubmissionResult>,
}

/// A new submission.
#[derive(Clone, Debug)]
pub struct NewSubmission {
    /// Its identifier.
    pub id: String,
    /// The name of the key.
    pub key: String,
    /// The value of the header `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The digest of what was sent.
    pub digest: String,
    /// Whether it only tries.
    pub dry_run: bool,
    /// Bytes of its files.
    pub bytes: i64,
}

/// The columns of a submission and of its line in the audit.
type SubmissionRow = (String, String, bool, String, DateTime<Utc>, i64, i64, DateTime<Utc>, DateTime<Utc>, Option<Recorded>);

/// The outcome, release and detail of a line of the audit.
type Recorded = (String, Option<i32>, Value);

/// The submissions made with a key, each with its line in the audit.
#[diesel::dsl::auto_type(no_type_alias)]
fn made_with<'k>(key: &'k str) -> _ {
    let recorded = audit::publication.eq(publications::id.nullable());
    publications::table.left_join(audit::table.on(recorded)).filter(publications::key_name.eq(key)).select((
        publications::id,
        publications::digest,
        publications::dry_run,
        publications::state,
        publications::created_at,
        publications::bytes_read,
        publications::bytes_total,
        publications::seen_at,
        clock_timestamp(),
        (audit::outcome, audit::release, audit::detail).nullable(),
    ))
}

impl From<SubmissionRow> for Submission {
    fn from((id, digest, dry_run, written, created_at, bytes_read, bytes_total, seen_at, now, recorded): SubmissionRow) -> Self {
        let result = recorded.and_then(|(outcome, release, detail)| {
            Some(SubmissionResult { outcome: Outcome::from_name(&outcome)?, release, detail })
        });
        let state = match Phase::from_name(&written) {
            Some(phase) if seen_at >= now - attempts::ABANDONED => PublicationState::InProgress(phase),
            _ => PublicationState::Ended(Outcome::Failed),
        };
        let submission = Self { id, digest, dry_run, state, created_at, bytes_read, bytes_total, result: None };
        match result {
            Some(result) => submission.ended(result),
            None => submission,
        }
    }
}

impl Submission {
    /// The submission with its result. One that was not refused has read all of its files.
    pub fn ended(self, result: SubmissionResult) -> Self {
        let whole = matches!(result.outcome, Outcome::Published | Outcome::Unchanged | Outcome::WouldPublish);
        let bytes_read = if whole { self.bytes_total } else { self.bytes_read };
        Self { state: PublicationState::Ended(result.outcome), bytes_read, result: Some(result), ..self }
    }
}

/// The answer to a received submission.
#[derive(Clone, Debug)]
pub enum Enqueuing {
    /// It is in the queue.
    New(Submission),
    /// An earlier one has the same idempotency key.
    Existing(Submission),
}

/// The submission with this identifier, if it was made with this key.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub async fn find(client: &Client, key: &str, id: &str) -> Result<Option<Submission>, DbError> {
    let query = made_with(key).filter(publications::id.eq(id));
    let found: Option<SubmissionRow> = query.get_result(&mut DieselClient(client)).await.optional()?;
    Ok(found.map(Submission::from))
}

/// Puts a received submission into the queue, or finds the earlier one with the same idempotency key. An earlier one that failed
/// gives its idempotency key to the new one.
///
/// # Errors
/// Returns an error if the database cannot be reached; then the submission is not in the queue.
pub async fn enqueue(client: &Client, submission: &NewSubmission) -> Result<Enqueuing, DbError> {
    let mut refused = None;
    for _ in 0..ATTEMPTS {
        if let Some(key) = &submission.idempotency_key {
            let earlier = made_with(&submission.key).filter(publications::idempotency_key.eq(key));
            let earlier: Option<SubmissionRow> = earlier.get_result(&mut DieselClient(client)).await.optional()?;
            if let Some(earlier) = earlier.map(Submission::from) {
                let failed = earlier.state == PublicationState::Ended(Outcome::Failed);
                if !failed || earlier.digest != submission.digest {
                    return Ok(Enqueuing::Existing(earlier));
                }
                // Its server may only have been silent. With this line in the audit it cannot commit any more.
                if earlier.result.is_none()
                    && !attempts::record_death(client, &submission.key, &earlier.id, earlier.dry_run).await?
                {
                    continue;
                }
                let give_up = diesel::update(publications::table.find(&earlier.id).filter(publications::idempotency_key.eq(key)));
                give_up.set(publications::idempotency_key.eq(None::<&str>)).execute(&mut DieselClient(client)).await?;
            }
        }
        let update = diesel::update(publications::table.find(&submission.id))
            .set((
                publications::idempotency_key.eq(&submission.idempotency_key),
                publications::digest.eq(&submission.digest),
                publications::dry_run.eq(submission.dry_run),
                publications::bytes_total.eq(submission.bytes),
                publications::seen_at.eq(clock_timestamp()),
            ))
            .returning(publications::created_at);
        match update.get_result(&mut DieselClient(client)).await.map_err(DbError::from) {
            Ok(created_at) => {
                return Ok(Enqueuing::New(Submission {
                    id: submission.id.clone(),
                    digest: submission.digest.clone(),
                    dry_run: submission.dry_run,
                    state: PublicationState::InProgress(Phase::Queued),
                    created_at,
                    bytes_read: 0,
                    bytes_total: submission.bytes,
                    result: None,
                }));
            }
            // Another request with the same idempotency key came first.
            Err(error @ DbError::Data(_)) => refused = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(refused.unwrap_or_else(|| DbError::Failed("the idempotency key is used by too many requests at once".to_owned())))
}

/// Records the state of a submission and how many bytes have been read, and that its server is alive.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub async fn update_progress(client: &Client, id: &str, phase: Phase, bytes: i64) -> Result<(), DbError> {
    let update = diesel::update(publications::table.find(id)).set((
        publications::state.eq(phase.name()),
        publications::bytes_read.eq(bytes),
        publications::seen_at.eq(clock_timestamp()),
    ));
    update.execute(&mut DieselClient(client)).await?;
    Ok(())
}
