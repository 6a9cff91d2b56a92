//! Owns a publication in the queue, with its files.
//! Must not know the queue or the worker.

use tempfile::TempDir;

use crate::db::write::submissions::NewSubmission;
use crate::publish::job::PublishingKey;

/// A received publication.
pub struct QueuedPublication {
    /// Its row in the table of submissions.
    pub claim: NewSubmission,
    /// The API key.
    pub key: PublishingKey,
    /// The identifier of the HTTP request.
    pub request_id: String,
    /// The name and SHA-256 of each received file.
    pub files: Vec<(String, String)>,
    /// The folder with the manifest and the files. It is deleted on drop.
    pub folder: TempDir,
    /// The name of a single file without a manifest, and its recipe.
    pub alone: Option<(String, String)>,
}
