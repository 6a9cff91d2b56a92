//! Owns the audit: one line for each publication and each change of a key. Lines are added, never changed or deleted.
//! Must not know HTTP or files.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use crate::db::DbError;
use crate::db::connection::config::GenericClient;
use crate::db::connection::diesel_client::DieselClient;
use crate::db::schema::audit;

/// The actor of commands that are run on the server. No key can have this name.
pub const COMMAND_LINE: &str = "command line";

/// What somebody tried to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A release.
    Publish,
    /// All checks of a publication, without a release.
    DryRun,
    /// A new key.
    KeyCreate,
    /// The revocation of a key.
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

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The key was made.
    Created,
    /// The key was revoked.
    Revoked,
    /// A release was made.
    Published,
    /// The files hold nothing new; there is no release.
    Unchanged,
    /// A dry run found that the files would make a release.
    WouldPublish,
    /// The files have errors.
    Refused,
    /// The key lacks a scope that the files need.
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

    /// The name that is stored and shown.
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

    /// The outcome with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// One line of the audit.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The name of a key, or [`COMMAND_LINE`].
    pub actor: String,
    /// What the actor tried to do.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// The number of the new release.
    pub release: Option<i32>,
    /// The files as they were received: `[{"path", "sha256"}]`.
    pub files: Value,
    /// The identifier of the HTTP request.
    pub request_id: Option<String>,
    /// The identifier of the submission, if it came over HTTP.
    pub publication: Option<String>,
    /// Further detail, as JSON: the report or the errors.
    pub detail: Value,
}

impl Entry {
    /// The line of a command that does not publish.
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

/// Who publishes, and which files.
#[derive(Clone, Debug)]
pub struct By {
    /// The name of a key, or [`COMMAND_LINE`].
    pub actor: String,
    /// Name and SHA-256 of each file, as it was received over HTTP or read from disk.
    pub files: Vec<(String, String)>,
    /// The identifier of the HTTP request.
    pub request_id: Option<String>,
    /// The identifier of the submission, if it comes over HTTP.
    pub publication: Option<String>,
}

impl By {
    /// The command line.
    pub fn command_line() -> Self {
        Self { actor: COMMAND_LINE.to_owned(), files: Vec::new(), request_id: None, publication: None }
    }

    /// The line of the audit about this publication.
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

/// Adds a line. Call it in the transaction that makes the change, so that both are committed together.
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
