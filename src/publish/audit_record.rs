//! Owns the result of a publication as the audit and the sender see it.
//! Must not know how a publication is made.

use std::path::Path;

use serde_json::json;

use super::errors::PublishError;
use crate::db::DbError;
use crate::db::connection::config::Client;
use crate::db::write::audit::{self, Requester};
use crate::db::write::submissions::SubmissionResult;
use crate::problem::{ErrorList, Fault, Reason};
use crate::publication::{Outcome, Report};

/// The result of a publication whose files lie in `folder`, a path that the sender must not see. Returns None if the
/// service failed, rather than the files or the sender.
pub fn result(outcome: &Result<Report, PublishError>, folder: &Path) -> Option<SubmissionResult> {
    let alone = |reason: Reason, why: &str| {
        let folder = format!("{}/", folder.display());
        let errors = vec![Fault::of_files(reason, why.replace(&folder, ""))];
        json!(ErrorList { errors, error_count: 1 })
    };
    let error = match outcome {
        Ok(report) => return Some(SubmissionResult { outcome: report.outcome, release: report.release, detail: json!(report) }),
        Err(error) => error,
    };
    let detail = match error {
        PublishError::Refused { faults, count } => json!(ErrorList { errors: faults.clone(), error_count: *count }),
        PublishError::Forbidden { missing } => json!({"missing": missing}),
        PublishError::KeyInvalid { why } => json!({"key": why}),
        PublishError::Unreadable(why) => alone(Reason::Unreadable, why),
        PublishError::Database(DbError::Data(why)) => {
            alone(Reason::BrokenRule, &format!("a row breaks a rule of the database: {why}"))
        }
        PublishError::Busy | PublishError::Database(_) => return None,
    };
    Some(SubmissionResult { outcome: error.outcome(), release: None, detail })
}

/// Records the result of a publication that made no release. A release records its own, in its transaction.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses the line.
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
