//! Owns the publication of the bundled data: each bundle of a tree of files becomes one release, once.
//! Must not know the formats of the files.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::errors::PublishError;
use super::file_tree::{FileTree, Unpacked};
use super::input::manifest;
use super::job::Job;
use super::pipeline;
use super::progress::Progress;
use super::reader_process::{ManifestSource, ReaderSettings};
use crate::db::connection::config::Client;
use crate::db::write::audit::Requester;
use crate::db::write::release_writer;
use crate::publication::{Outcome, Phase, Report};
use crate::query::Dataset;

/// A bundle that is being published; as text, what is being done.
pub struct BundleProgress {
    name: String,
    /// Its place among those that are published, and their number.
    place: (usize, usize),
    progress: Progress,
}

impl fmt::Display for BundleProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (phase, read, total) = self.progress.current();
        write!(f, "publishing {}, {} of {}: {}", self.name, self.place.0, self.place.1, phase.description())?;
        match (phase, total) {
            (Phase::Reading, 1..) => write!(f, ", {} % of {total} bytes", read * 100 / total),
            _ => Ok(()),
        }
    }
}

/// Publishes each bundle that the database does not have yet, in the order of their names, and announces each. A database that
/// has any other release is left as it is.
///
/// # Errors
/// Returns an error if a bundle cannot be published; the bundles before it stay published.
pub async fn publish_missing(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    bundles: &FileTree,
    tools: (&FileTree, &ReaderSettings),
    announce: &dyn Fn(BundleProgress),
) -> Result<(), PublishError> {
    let (published, others) = release_writer::bundles(client).await?;
    if others {
        return Ok(());
    }
    let missing: Vec<String> = names(bundles)?.into_iter().filter(|name| !published.contains(name)).collect();
    for (name, at) in missing.iter().zip(1..) {
        let progress = Progress::start(name);
        announce(BundleProgress { name: name.clone(), place: (at, missing.len()), progress: progress.clone() });
        let folder = unpack(bundles, name)?;
        let report = publish_bundle(client, registry, folder.path(), tools, (Some(name.clone()), &progress)).await?;
        match report.outcome {
            Outcome::Unchanged => log::warn!("{name} holds nothing to publish"),
            _ => {
                let rows: u64 = report.datasets.iter().map(|effect| effect.added + effect.changed).sum();
                log::info!("{name} is published as release {}: {rows} rows", report.release.unwrap_or_default());
            }
        }
    }
    Ok(())
}

/// Publishes a folder with a manifest as one release.
///
/// # Errors
/// Returns an error if the folder cannot be published; then nothing has been published.
pub async fn publish_folder(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    folder: &Path,
    tools: (&FileTree, &ReaderSettings),
    bundle: Option<String>,
) -> Result<Report, PublishError> {
    let progress = Progress::start(bundle.as_deref().unwrap_or_default());
    publish_bundle(client, registry, folder, tools, (bundle, &progress)).await
}

async fn publish_bundle(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    folder: &Path,
    (recipes, reader): (&FileTree, &ReaderSettings),
    (bundle, progress): (Option<String>, &Progress),
) -> Result<Report, PublishError> {
    let job = Job {
        manifest: ManifestSource::Folder,
        folder: folder.to_owned(),
        recipes: recipes.clone(),
        reader: reader.clone(),
        turns: Arc::new(Semaphore::new(1)),
        bundle,
        dry_run: false,
        explain: 0,
        wait: true,
        received: None,
        key: None,
        requester: Requester::command_line(),
    };
    pipeline::publish(client, registry, &job, progress).await
}

/// Lists the bundles of a tree: its folders with a manifest, in alphabetical order.
pub(super) fn names(bundles: &FileTree) -> Result<Vec<String>, PublishError> {
    let unreadable = |error| unreadable(bundles, &error);
    let mut found = Vec::new();
    for name in bundles.names().map_err(unreadable)? {
        if bundles.has_file(&format!("{name}/{}", manifest::NAME)).map_err(unreadable)? {
            found.push(name);
        }
    }
    Ok(found)
}

/// Gives a bundle as a folder on disk.
pub(super) fn unpack(bundles: &FileTree, name: &str) -> Result<Unpacked, PublishError> {
    bundles.unpack(name).map_err(|error| unreadable(bundles, &error))
}

fn unreadable(bundles: &FileTree, error: &io::Error) -> PublishError {
    PublishError::Unreadable(format!("the bundled data in {bundles} cannot be read: {error}"))
}
