//! Owns the audit: a line for everything that changes what is published, or who may change it; added to, never changed.
//! Must not know who is asked, nor how.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use crate::db::DbError;
use crate::db::connection::config::GenericClient;
use crate::db::connection::diesel_client::DieselClient;
use crate::db::schema::audit;

/// The actor when it is whoever runs the program's commands; no key can bear this name.
pub const COMMAND_LINE: &str = "command line";

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A release.
    Publish,
    /// The checks of a release, without it.
    DryRun,
    /// A new key.
    KeyCreate,
    /// The end of a key.
    KeyRevoke,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Action::Publish => "publish",
            Action::DryRun => "dry-run",
            Action::KeyCreate => "key-create",
            Action::KeyRevoke => "key-revoke",
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The key was made.
    Created,
    /// The key was revoked.
    Revoked,
    /// A release was made.
    Published,
    /// The files say nothing that was not there already.
    Unchanged,
    /// The files would make a release.
    WouldPublish,
    /// The files are at fault.
    Refused,
    /// The key does not admit what the files do.
    Forbidden,
    /// The service failed.
    Failed,
}

impl Outcome {
    const ALL: [Outcome; 8] = [
        Outcome::Created,
        Outcome::Revoked,
        Outcome::Published,
        Outcome::Unchanged,
        Outcome::WouldPublish,
        Outcome::Refused,
        Outcome::Forbidden,
        Outcome::Failed,
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Created => "created",
            Outcome::Revoked => "revoked",
            Outcome::Published => "published",
            Outcome::Unchanged => "unchanged",
            Outcome::WouldPublish => "would-publish",
            Outcome::Refused => "refused",
            Outcome::Forbidden => "forbidden",
            Outcome::Failed => "failed",
        }
    }

    /// The outcome of this word.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// One line.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The name of a key, or [`COMMAND_LINE`].
    pub actor: String,
    /// What was asked for.
    pub action: Action,
    /// What came of it.
    pub outcome: Outcome,
    /// The release that was made.
    pub release: Option<i32>,
    /// The files as they were received: `[{"path", "sha256"}]`.
    pub files: Value,
    /// The request that asked.
    pub request_id: Option<String>,
    /// The publication, when it was asked for over HTTP.
    pub publication: Option<String>,
    /// What else is to be known.
    pub detail: Value,
}

impl Entry {
    /// What somebody at the command line did, beyond publishing.
    pub fn command(action: Action, outcome: Outcome, detail: Value) -> Self {
        Self {
            actor: COMMAND_LINE.to_owned(),
            action,
            outcome,
            release: None,
            files: Value::Array(Vec::new()),
            request_id: None,
            publication: None,
            detail,
        }
    }
}

/// Who asks for a publication, and with what.
#[derive(Clone, Debug)]
pub struct By {
    /// The name of a key, or [`COMMAND_LINE`].
    pub actor: String,
    /// The files as they were received, or else as they were read: name and SHA-256.
    pub files: Vec<(String, String)>,
    /// The request that asks.
    pub request_id: Option<String>,
    /// The publication's identifier, when it is asked for over HTTP.
    pub publication: Option<String>,
}

impl By {
    /// Whoever runs the program's commands.
    pub fn command_line() -> Self {
        Self { actor: COMMAND_LINE.to_owned(), files: Vec::new(), request_id: None, publication: None }
    }

    /// The line that says what came of it.
    pub fn line(&self, dry_run: bool, outcome: Outcome, release: Option<i32>, detail: Value) -> Entry {
        Entry {
            actor: self.actor.clone(),
            action: if dry_run { Action::DryRun } else { Action::Publish },
            outcome,
            release,
            files: self.files.iter().map(|(path, sha256)| json!({"path": path, "sha256": sha256})).collect(),
            request_id: self.request_id.clone(),
            publication: self.publication.clone(),
            detail,
        }
    }
}

/// Adds a line, in the transaction of what it tells of where there is one.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses the line.
pub async fn record<C: GenericClient + Sync>(client: &C, entry: &Entry) -> Result<(), DbError> {
    let line = (
        audit::actor.eq(&entry.actor),
        audit::action.eq(entry.action.name()),
        audit::outcome.eq(entry.outcome.name()),
        audit::release.eq(entry.release),
        audit::files.eq(&entry.files),
        audit::request_id.eq(&entry.request_id),
        audit::publication.eq(&entry.publication),
        audit::detail.eq(&entry.detail),
    );
    diesel::insert_into(audit::table).values(line).execute(&mut DieselClient(client)).await?;
    Ok(())
}
