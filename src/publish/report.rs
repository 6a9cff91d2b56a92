//! Owns what is said of a publication when it is done, to people and to programs.
//! Must not know how it was done.

use std::fmt;

use serde::Serialize;

use super::errors::FileFault;
use crate::db::write::merge::{Change, Counts};

/// What came of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A release was made.
    Published,
    /// A release would be made.
    WouldPublish,
    /// The files say nothing that is not there already: no release is made.
    Unchanged,
}

/// A file that was read.
#[derive(Clone, Debug, Serialize)]
pub struct ReadFile {
    /// The file, as the manifest names it.
    pub path: String,
    /// Its length, in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// The rows that it gave, over all datasets.
    pub rows: u64,
}

/// What a publication did to one dataset.
#[derive(Clone, Debug, Serialize)]
pub struct Effect {
    /// The dataset.
    pub dataset: &'static str,
    /// The rows.
    #[serde(flatten)]
    pub counts: Counts,
}

/// A report.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What came of it.
    pub outcome: Outcome,
    /// The number of the release that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<i32>,
    /// The title of the release.
    pub title: String,
    /// The files.
    pub files: Vec<ReadFile>,
    /// What it did, dataset by dataset; those that are computed from others come last.
    pub datasets: Vec<Effect>,
    /// The changes, the largest first; at most 20 of each dataset.
    pub changes: Vec<Change>,
    /// What is worth a look; the first.
    pub warnings: Vec<FileFault>,
    /// How many warnings there are in all.
    pub warning_count: usize,
    /// What a recipe read, cell by cell, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(explanation) = &self.explanation {
            writeln!(f, "{explanation}")?;
        }
        match (self.outcome, self.release) {
            (Outcome::Published, Some(number)) => writeln!(f, "published as release {number}: {}", self.title)?,
            (Outcome::Unchanged, _) => writeln!(f, "nothing was published: all of it is there already ({})", self.title)?,
            _ => writeln!(f, "nothing was published, since this was a trial: {}", self.title)?,
        }
        for file in &self.files {
            writeln!(f, "  {}: {} rows, {} bytes, SHA-256 {}", file.path, file.rows, file.bytes, file.sha256)?;
        }
        for Effect { dataset, counts } in &self.datasets {
            writeln!(
                f,
                "  {dataset}: {} added, {} changed, {} withdrawn, {} unchanged",
                counts.added, counts.changed, counts.withdrawn, counts.unchanged
            )?;
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
