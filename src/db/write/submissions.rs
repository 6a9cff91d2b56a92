//! Owns publications asked for over HTTP: which were asked for, so that asking again is noticed, and how far they are.
//! What came of one is read from the audit, whose line is written with the release.
//! Must not know what a publication does.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::audit::Outcome;
use crate::db::DbError;
use crate::db::connection::config::Client;
use crate::db::connection::diesel_client::DieselClient;
use crate::db::schema::{audit, publications};
use crate::db::sql::functions::clock_timestamp;

/// The time after which a publication that nobody works on has failed: its server has died.
const ABANDONED: TimeDelta = TimeDelta::seconds(60);

/// How far a publication is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for others.
    Queued,
    /// Its files are read.
    Reading,
    /// Its rows are checked against each other and what is published.
    Checking,
    /// Its rows are compared with what is published.
    Comparing,
    /// It made a release, or found that none is needed, or would make one.
    Done,
    /// It is at fault.
    Refused,
    /// The service failed.
    Failed,
}

impl State {
    const ALL: [State; 7] =
        [State::Queued, State::Reading, State::Checking, State::Comparing, State::Done, State::Refused, State::Failed];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Reading => "reading",
            State::Checking => "checking",
            State::Comparing => "comparing",
            State::Done => "done",
            State::Refused => "refused",
            State::Failed => "failed",
        }
    }

    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Refused | Outcome::Forbidden => State::Refused,
            Outcome::Failed => State::Failed,
            _ => State::Done,
        }
    }
}

/// What came of a publication.
#[derive(Clone, Debug)]
pub struct Settled {
    /// In one word.
    pub outcome: Outcome,
    /// The release that was made.
    pub release: Option<i32>,
    /// The report, the faults, or what else is to be said.
    pub detail: Value,
}

/// A publication that was asked for.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its identifier.
    pub id: String,
    /// The digest of what was sent.
    pub digest: String,
    /// Whether it only tries.
    pub dry_run: bool,
    /// How far it is.
    pub state: State,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Bytes of its files that have been read.
    pub bytes_read: i64,
    /// Bytes of its files.
    pub bytes_total: i64,
    /// What came of it, once that is known.
    pub settled: Option<Settled>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The identifier that it gets.
    pub id: String,
    /// The name of the key.
    pub key: String,
    /// The client's own name for the request.
    pub idempotency_key: Option<String>,
    /// The digest of what was sent.
    pub digest: String,
    /// Whether it only tries.
    pub dry_run: bool,
    /// Bytes of its files.
    pub bytes: i64,
}

/// The columns of a submission and of its line in the audit.
type Columns = (String, String, bool, String, DateTime<Utc>, i64, i64, DateTime<Utc>, DateTime<Utc>, Option<Recorded>);

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

impl From<Columns> for Standing {
    fn from((id, digest, dry_run, written, created_at, bytes_read, bytes_total, seen_at, now, recorded): Columns) -> Self {
        let settled = recorded
            .and_then(|(outcome, release, detail)| Some(Settled { outcome: Outcome::of_name(&outcome)?, release, detail }));
        let state = match &settled {
            Some(settled) => State::of(settled.outcome),
            None if seen_at < now - ABANDONED => State::Failed,
            None => State::ALL.into_iter().find(|state| state.name() == written).unwrap_or(State::Failed),
        };
        Self { id, digest, dry_run, state, created_at, bytes_read, bytes_total, settled }
    }
}

/// The publication with this identifier, if it was asked for with this key.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub async fn find(client: &Client, key: &str, id: &str) -> Result<Option<Standing>, DbError> {
    let query = made_with(key).filter(publications::id.eq(id));
    let found: Option<Columns> = query.get_result(&mut DieselClient(client)).await.optional()?;
    Ok(found.map(Standing::from))
}

/// Records that a publication is asked for, or gives the one that was asked for under the same idempotency key, unless
/// that one failed: then it is tried again, under the new identifier.
///
/// # Errors
/// Returns an error if the database cannot be reached; then nothing is recorded.
pub async fn claim(client: &Client, claim: &Claim) -> Result<Option<Standing>, DbError> {
    let queued = publications::state.eq(State::Queued.name());
    let submission = (
        publications::id.eq(&claim.id),
        publications::key_name.eq(&claim.key),
        publications::idempotency_key.eq(&claim.idempotency_key),
        publications::digest.eq(&claim.digest),
        publications::dry_run.eq(claim.dry_run),
        queued,
        publications::bytes_total.eq(claim.bytes),
    );
    let insert = diesel::insert_into(publications::table)
        .values(submission)
        .on_conflict((publications::key_name, publications::idempotency_key))
        .filter_target(publications::idempotency_key.is_not_null())
        .do_nothing();
    if insert.execute(&mut DieselClient(client)).await? == 1 {
        return Ok(None);
    }
    let earlier = made_with(&claim.key).filter(publications::idempotency_key.eq(&claim.idempotency_key));
    let earlier = Standing::from(earlier.get_result::<Columns>(&mut DieselClient(client)).await?);
    if earlier.state != State::Failed || earlier.digest != claim.digest {
        return Ok(Some(earlier));
    }
    // Of two that try again at once only one finds the identifier that it has read.
    let renew = diesel::update(publications::table.find(&earlier.id)).set((
        publications::id.eq(&claim.id),
        queued,
        publications::bytes_read.eq(0),
        publications::created_at.eq(clock_timestamp()),
        publications::seen_at.eq(clock_timestamp()),
    ));
    match renew.execute(&mut DieselClient(client)).await? == 1 {
        true => Ok(None),
        false => Ok(Some(earlier)),
    }
}

/// Says how far a publication is, and that somebody works on it.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub async fn progress(client: &Client, id: &str, state: State, bytes: i64) -> Result<(), DbError> {
    let update = diesel::update(publications::table.find(id)).set((
        publications::state.eq(state.name()),
        publications::bytes_read.eq(bytes),
        publications::seen_at.eq(clock_timestamp()),
    ));
    update.execute(&mut DieselClient(client)).await?;
    Ok(())
}
