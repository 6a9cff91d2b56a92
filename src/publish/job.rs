//! Owns the description of a publication: what is read, who asks for it, and what is permitted.
//! Must not know how it is made.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::file_tree::FileTree;
use super::reader_process::{ManifestSource, ReaderSettings};
use crate::access::Rights;
use crate::db::write::audit::Requester;

/// The key with which a publication is made.
#[derive(Clone, Debug)]
pub struct PublishingKey {
    /// Its name.
    pub name: String,
    /// What it permits.
    pub rights: Rights,
    /// The publisher of its releases.
    pub publisher: String,
}

/// The options of a publication.
#[derive(Clone, Debug)]
pub struct Job {
    /// The manifest, or where it is.
    pub manifest: ManifestSource,
    /// The folder to which the manifest's paths are relative.
    pub folder: PathBuf,
    /// The recipes that are called by name.
    pub recipes: FileTree,
    /// How the files are read.
    pub reader: ReaderSettings,
    /// The permits to read, which the publications of a server share: a reader may use much memory.
    pub turns: Arc<Semaphore>,
    /// The name of the bundle, for the bundled data.
    pub bundle: Option<String>,
    /// Whether the publication stops before the release.
    pub dry_run: bool,
    /// The number of rows of each table that the report explains.
    pub explain: usize,
    /// Whether it waits for another publication to end.
    pub wait: bool,
    /// For HTTP, the names of the received files: the manifest may name no others.
    pub received: Option<Vec<String>>,
    /// The key that permits the changes; without one, all are permitted.
    pub key: Option<PublishingKey>,
    /// The requester, for the audit.
    pub requester: Requester,
}
