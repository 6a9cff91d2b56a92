//! Owns the report of a publication: the JSON that the command line and the HTTP API show and the audit keeps, and its
//! text for a terminal.
//! Must not know how the publication was made.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Outcome;
use crate::problem::Fault;

/// The report of a publication.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// `published`: it made a release; `unchanged`: the files change nothing; `would_publish`: a dry run found no fault.
    #[schema(value_type = String, example = "published")]
    pub outcome: Outcome,
    /// The release that it made.
    #[schema(example = 3)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<i32>,
    /// The title of the release.
    pub title: String,
    /// The files.
    pub files: Vec<ReadFile>,
    /// Its effect on each dataset; derived datasets come last.
    pub datasets: Vec<Effect>,
    /// The changes, the largest first; at most 20 of each dataset.
    pub changes: Vec<ChangedRow>,
    /// The first warnings.
    pub warnings: Vec<Fault>,
    /// The number of all warnings.
    pub warning_count: usize,
    /// The values that a recipe read, cell by cell, if `--explain` asks for them.
    #[schema(ignore)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

/// A file that was read.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReadFile {
    /// The file.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// The number of its rows, over all datasets.
    pub rows: u64,
}

/// The effect of a publication on one dataset, as numbers of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Effect {
    /// The dataset.
    #[schema(example = "observations")]
    pub dataset: String,
    /// Rows with a new key.
    pub added: u64,
    /// Rows with a known key and other values.
    pub changed: u64,
    /// Rows that are withdrawn.
    pub withdrawn: u64,
    /// Rows with a known key and the same values.
    pub unchanged: u64,
}

impl Effect {
    /// Whether the dataset stays as it is.
    pub fn is_empty(&self) -> bool {
        self.written() == 0
    }

    /// The number of rows that change.
    pub fn written(&self) -> u64 {
        self.added + self.changed + self.withdrawn
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedRow {
    /// The dataset.
    pub dataset: String,
    /// The code of the row.
    pub code: String,
    /// The fields whose values change.
    pub fields: Vec<String>,
    /// The figure before, if the dataset has figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The figure after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(explanation) = &self.explanation {
            writeln!(f, "{explanation}")?;
        }
        match (self.outcome, self.release) {
            (Outcome::Published, Some(number)) => writeln!(f, "published as release {number}: {}", self.title)?,
            (Outcome::Unchanged, _) => writeln!(f, "nothing was published: the database has all rows already ({})", self.title)?,
            _ => writeln!(f, "nothing was published (dry run): {}", self.title)?,
        }
        for file in &self.files {
            writeln!(f, "  {}: {} rows, {} bytes, SHA-256 {}", file.path, file.rows, file.bytes, file.sha256)?;
        }
        for Effect { dataset, added, changed, withdrawn, unchanged } in &self.datasets {
            writeln!(f, "  {dataset}: {added} added, {changed} changed, {withdrawn} withdrawn, {unchanged} unchanged")?;
        }
        for change in &self.changes {
            let none = || "(none)".to_owned();
            match (&change.before, &change.after) {
                (None, None) => writeln!(f, "  changes {}: {}", change.code, change.fields.join(", "))?,
                (before, after) => writeln!(
                    f,
                    "  changes {}: {} -> {} ({})",
                    change.code,
                    before.clone().unwrap_or_else(none),
                    after.clone().unwrap_or_else(none),
                    change.fields.join(", ")
                )?,
            }
        }
        for warning in &self.warnings {
            writeln!(f, "  warning: {warning}")?;
        }
        match self.warning_count - self.warnings.len() {
            0 => Ok(()),
            more => writeln!(f, "  … and {more} more warnings"),
        }
    }
}
