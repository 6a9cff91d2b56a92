//! Owns what is put down of a publication: in the audit, and for whoever sent the files.
//! Must not know how it was done.

use std::path::Path;

use serde_json::json;

use super::errors::PublishError;
use crate::db::DbError;
use crate::db::connection::config::Client;
use crate::db::write::audit::{self, Requester};
use crate::db::write::submissions::SubmissionResult;
use crate::publication::{Outcome, Report};

/// What came of a publication whose files were received in a folder that is of no concern to whoever sent them; nothing
/// when neither they nor their files are to blame.
pub fn result(outcome: &Result<Report, PublishError>, folder: &Path) -> Option<SubmissionResult> {
    let alone = |why: &str| {
        let folder = format!("{}/", folder.display());
        json!({"faults": [{"detail": why.replace(&folder, "")}], "count": 1})
    };
    let error = match outcome {
        Ok(report) => return Some(SubmissionResult { outcome: report.outcome, release: report.release, detail: json!(report) }),
        Err(error) => error,
    };
    let detail = match error {
        PublishError::Refused { faults, count } => json!({"faults": faults, "count": count}),
        PublishError::Forbidden { missing } => json!({"missing": missing}),
        PublishError::Unreadable(why) => alone(why),
        PublishError::Database(DbError::Data(why)) => alone(&format!("a row breaks a rule of the database: {why}")),
        PublishError::Busy | PublishError::Database(_) => return None,
    };
    Some(SubmissionResult { outcome: error.outcome(), release: None, detail })
}

/// Puts down what came of a publication that made no release; a release has its line in its own transaction.
///
/// # Errors
/// The database's.
pub async fn record(
    client: &Client,
    requester: &Requester,
    (dry_run, folder): (bool, &Path),
    outcome: &Result<Report, PublishError>,
) -> Result<(), DbError> {
    match result(outcome, folder) {
        Some(result) if result.outcome != Outcome::Published => {
            audit::record(client, &requester.entry(dry_run, result.outcome, None, result.detail)).await
        }
        _ => Ok(()),
    }
}
