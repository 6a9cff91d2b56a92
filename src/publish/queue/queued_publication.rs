//! Owns a publication that waits for the worker, with its files.
//! Must not know the queue or the worker.

use tempfile::TempDir;

use crate::access::Rights;
use crate::db::write::submissions::NewSubmission;

/// A publication that is handed in.
pub struct QueuedPublication {
    /// What it is, and who asks.
    pub claim: NewSubmission,
    /// What the key admits.
    pub rights: Rights,
    /// The request that asks.
    pub request_id: String,
    /// The files as they were received: name and SHA-256.
    pub files: Vec<(String, String)>,
    /// The folder with the manifest and the files.
    pub folder: TempDir,
    /// The file that comes without a manifest, and its recipe.
    pub alone: Option<(String, String)>,
}
