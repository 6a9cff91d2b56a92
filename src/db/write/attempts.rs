//! Owns the signs of life of submissions: the beginning of an upload, the time when its server was last seen, and the line in the
//! audit of one whose server has died.
//! Must not know idempotency keys or results.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::audit::{self as lines, Requester};
use crate::db::DbError;
use crate::db::connection::config::Client;
use crate::db::connection::diesel_client::DieselClient;
use crate::db::schema::{audit, publications};
use crate::db::sql::functions::clock_timestamp;
use crate::publication::{Outcome, Phase};

/// The time without a sign of progress after which a submission has failed: its server has died.
pub(super) const ABANDONED: TimeDelta = TimeDelta::seconds(60);

/// Adds a submission whose files are about to arrive.
///
/// # Errors
/// Returns an error if the database cannot be reached; then nothing is recorded.
pub async fn begin(client: &Client, key: &str, id: &str) -> Result<(), DbError> {
    let row = (
        publications::id.eq(id),
        publications::key_name.eq(key),
        publications::digest.eq(""),
        publications::dry_run.eq(false),
        publications::state.eq(Phase::Queued.name()),
        publications::bytes_total.eq(0),
    );
    diesel::insert_into(publications::table).values(row).execute(&mut DieselClient(client)).await?;
    Ok(())
}

/// Records that the server of a submission is alive.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub async fn seen(client: &Client, id: &str) -> Result<(), DbError> {
    let update = diesel::update(publications::table.find(id)).set(publications::seen_at.eq(clock_timestamp()));
    update.execute(&mut DieselClient(client)).await?;
    Ok(())
}

/// The key of a submission, its identifier, and whether it is a dry run.
type Attempt = (String, String, bool);

/// When the server of a submission was last seen, and now.
type Instants = (DateTime<Utc>, DateTime<Utc>);

/// Records in the audit each submission that has ended without a result because its server has died. Returns how many.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub async fn record_dead(client: &Client) -> Result<usize, DbError> {
    let recorded = audit::table.on(audit::publication.eq(publications::id.nullable()));
    let dead: Vec<(Attempt, Instants)> = publications::table
        .left_join(recorded)
        .filter(audit::id.nullable().is_null())
        .order(publications::created_at)
        .select(((publications::key_name, publications::id, publications::dry_run), (publications::seen_at, clock_timestamp())))
        .load(&mut DieselClient(client))
        .await?;
    let mut count = 0;
    for ((key, id, dry_run), _) in dead.iter().filter(|(_, (seen_at, now))| *seen_at < *now - ABANDONED) {
        count += usize::from(record_death(client, key, id, *dry_run).await?);
    }
    Ok(count)
}

/// Records in the audit that a submission failed with its server. Returns false if it has a line already.
pub(super) async fn record_death(client: &Client, key: &str, id: &str, dry_run: bool) -> Result<bool, DbError> {
    let requester = Requester { actor: key.to_owned(), files: Vec::new(), request_id: None, publication: Some(id.to_owned()) };
    let detail = json!({"passing": true, "why": "died"});
    match lines::record(client, &requester.entry(dry_run, Outcome::Failed, None, detail)).await {
        Ok(()) => Ok(true),
        Err(DbError::Data(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
