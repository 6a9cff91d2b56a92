//! Owns the audit: one line for each publication and each change of a key. Lines are added, never changed or deleted.
//! Must not know HTTP or files.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use crate::db::DbError;
use crate::db::connection::config::GenericClient;
use crate::db::connection::diesel_client::DieselClient;
use crate::db::schema::audit;
use crate::publication::Outcome;

/// The actor of commands that are run on the server. No key can have this name.
pub const COMMAND_LINE: &str = "command line";

/// An action that the audit records, with its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A publication.
    Publish(Outcome),
    /// A dry run of a publication.
    DryRun(Outcome),
    /// An API key was made.
    KeyCreate,
    /// An API key was revoked.
    KeyRevoke,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Action::Publish(_) => "publish",
            Action::DryRun(_) => "dry_run",
            Action::KeyCreate => "key_create",
            Action::KeyRevoke => "key_revoke",
        }
    }

    fn outcome(self) -> &'static str {
        match self {
            Action::Publish(outcome) | Action::DryRun(outcome) => outcome.name(),
            Action::KeyCreate => "created",
            Action::KeyRevoke => "revoked",
        }
    }
}

/// One line of the audit.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// The name of a key, or [`COMMAND_LINE`].
    pub actor: String,
    /// The action and its outcome.
    pub action: Action,
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

impl AuditEntry {
    /// The line of a command that does not publish.
    pub fn command(action: Action, detail: Value) -> Self {
        Self {
            actor: COMMAND_LINE.to_owned(),
            action,
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
pub struct Requester {
    /// The name of a key, or [`COMMAND_LINE`].
    pub actor: String,
    /// Name and SHA-256 of each file, as it was received over HTTP or read from disk.
    pub files: Vec<(String, String)>,
    /// The identifier of the HTTP request.
    pub request_id: Option<String>,
    /// The identifier of the submission, if it comes over HTTP.
    pub publication: Option<String>,
}

impl Requester {
    /// The command line.
    pub fn command_line() -> Self {
        Self { actor: COMMAND_LINE.to_owned(), files: Vec::new(), request_id: None, publication: None }
    }

    /// The line of the audit about this publication.
    pub fn entry(&self, dry_run: bool, outcome: Outcome, release: Option<i32>, detail: Value) -> AuditEntry {
        AuditEntry {
            actor: self.actor.clone(),
            action: if dry_run { Action::DryRun(outcome) } else { Action::Publish(outcome) },
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
pub async fn record<C: GenericClient + Sync>(client: &C, entry: &AuditEntry) -> Result<(), DbError> {
    let line = (
        audit::actor.eq(&entry.actor),
        audit::action.eq(entry.action.name()),
        audit::outcome.eq(entry.action.outcome()),
        audit::release.eq(entry.release),
        audit::files.eq(&entry.files),
        audit::request_id.eq(&entry.request_id),
        audit::publication.eq(&entry.publication),
        audit::detail.eq(&entry.detail),
    );
    diesel::insert_into(audit::table).values(line).execute(&mut DieselClient(client)).await?;
    Ok(())
}
