//! Owns publications asked for over HTTP: which were asked for, so that asking again is noticed, and how far they are.
//! What came of one is read from the audit, whose line is written with the release.
//! Must not know what a publication does.

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio_postgres::{Client, Row};

use super::audit::Outcome;
use crate::db::DbError;

/// Seconds after which a publication that nobody works on has failed: its server has died.
const ABANDONED: u32 = 60;

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

const STANDING: &str = "SELECT p.id, p.digest, p.dry_run, p.state, p.created_at, p.bytes_read, p.bytes_total, \
     a.outcome, a.release, a.detail, p.seen_at < clock_timestamp() - make_interval(secs => $3) \
     FROM publications p LEFT JOIN audit a ON a.publication = p.id WHERE p.key_name = $1";

fn standing(row: &Row) -> Standing {
    let outcome: Option<String> = row.get(7);
    let outcome = outcome.and_then(|name| Outcome::of_name(&name));
    let settled = outcome.map(|outcome| Settled { outcome, release: row.get(8), detail: row.get(9) });
    let (written, abandoned): (String, bool) = (row.get(3), row.get(10));
    let state = match &settled {
        Some(settled) => State::of(settled.outcome),
        None if abandoned => State::Failed,
        None => State::ALL.into_iter().find(|state| state.name() == written).unwrap_or(State::Failed),
    };
    Standing {
        id: row.get(0),
        digest: row.get(1),
        dry_run: row.get(2),
        state,
        created_at: row.get(4),
        bytes_read: row.get(5),
        bytes_total: row.get(6),
        settled,
    }
}

/// The publication with this identifier, if it was asked for with this key.
///
/// # Errors
/// The database's.
pub async fn find(client: &Client, key: &str, id: &str) -> Result<Option<Standing>, DbError> {
    let query = format!("{STANDING} AND p.id = $2");
    Ok(client.query_opt(&query, &[&key, &id, &f64::from(ABANDONED)]).await?.as_ref().map(standing))
}

/// Records that a publication is asked for, or gives the one that was asked for under the same idempotency key, unless
/// that one failed: then it is tried again, under the new identifier.
///
/// # Errors
/// The database's; then nothing is recorded.
pub async fn claim(client: &Client, claim: &Claim) -> Result<Option<Standing>, DbError> {
    const INSERT: &str = "INSERT INTO publications (id, key_name, idempotency_key, digest, dry_run, state, bytes_total) \
         VALUES ($1, $2, $3, $4, $5, 'queued', $6) ON CONFLICT (key_name, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING";
    const RENEW: &str = "UPDATE publications SET id = $2, state = 'queued', bytes_read = 0, created_at = clock_timestamp(), \
         seen_at = clock_timestamp() WHERE id = $1";
    let added = client
        .execute(INSERT, &[&claim.id, &claim.key, &claim.idempotency_key, &claim.digest, &claim.dry_run, &claim.bytes])
        .await?;
    if added == 1 {
        return Ok(None);
    }
    let query = format!("{STANDING} AND p.idempotency_key = $2");
    let row = client.query_one(&query, &[&claim.key, &claim.idempotency_key, &f64::from(ABANDONED)]).await?;
    let earlier = standing(&row);
    // Of two that try again at once only one finds the identifier that it has read.
    let again = earlier.state == State::Failed && earlier.digest == claim.digest;
    match again && client.execute(RENEW, &[&earlier.id, &claim.id]).await? == 1 {
        true => Ok(None),
        false => Ok(Some(earlier)),
    }
}

/// Says how far a publication is, and that somebody works on it.
///
/// # Errors
/// The database's.
pub async fn progress(client: &Client, id: &str, state: State, bytes: i64) -> Result<(), DbError> {
    const UPDATE: &str = "UPDATE publications SET state = $2, bytes_read = $3, seen_at = clock_timestamp() WHERE id = $1";
    client.execute(UPDATE, &[&id, &state.name(), &bytes]).await?;
    Ok(())
}
