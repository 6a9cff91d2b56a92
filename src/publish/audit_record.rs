//! Owns what is put down of a publication: in the audit, and for whoever sent the files.
//! Must not know how it was done.

use std::path::Path;

use serde_json::{Value, json};

use super::errors::PublishError;
use super::report::{self, Report};
use crate::db::DbError;
use crate::db::connection::config::Client;
use crate::db::write::audit::{self, By, Outcome};
use crate::db::write::submissions::Settled;

/// What came of a publication whose files were received in a folder that is of no concern to whoever sent them; nothing
/// when neither they nor their files are to blame.
pub fn settled(outcome: &Result<Report, PublishError>, folder: &Path) -> Option<Settled> {
    let refused = |detail: Value| Some(Settled { outcome: Outcome::Refused, release: None, detail });
    let alone = |why: String| {
        let folder = format!("{}/", folder.display());
        refused(json!({"faults": [{"detail": why.replace(&folder, "")}], "count": 1}))
    };
    match outcome {
        Ok(report) => Some(Settled { outcome: word(report), release: report.release, detail: json!(report) }),
        Err(PublishError::Refused { faults, count }) => refused(json!({"faults": faults, "count": count})),
        Err(PublishError::Forbidden { missing }) => {
            Some(Settled { outcome: Outcome::Forbidden, release: None, detail: json!({"missing": missing}) })
        }
        Err(PublishError::Unreadable(why)) => alone(why.clone()),
        Err(PublishError::Database(DbError::Data(why))) => alone(format!("a row breaks a rule of the database: {why}")),
        Err(PublishError::Busy | PublishError::Database(_)) => None,
    }
}

/// The word for it in the audit.
pub fn word(report: &Report) -> Outcome {
    match report.outcome {
        report::Outcome::Published => Outcome::Published,
        report::Outcome::WouldPublish => Outcome::WouldPublish,
        report::Outcome::Unchanged => Outcome::Unchanged,
    }
}

/// Puts down what came of a publication that made no release; a release has its line in its own transaction.
///
/// # Errors
/// The database's.
pub async fn put_down(
    client: &Client,
    by: &By,
    (trial, folder): (bool, &Path),
    outcome: &Result<Report, PublishError>,
) -> Result<(), DbError> {
    match settled(outcome, folder) {
        Some(settled) if settled.outcome != Outcome::Published => {
            audit::record(client, &by.line(trial, settled.outcome, None, settled.detail)).await
        }
        _ => Ok(()),
    }
}
