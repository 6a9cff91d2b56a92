//! Owns the publication of the bundled data: each bundle of a tree of files becomes one release, once.
//! Must not know the formats of the files.

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
use crate::publication::{Outcome, Report};
use crate::query::Dataset;

/// Publishes each bundle that the database does not have yet, in the order of their names. A database that has any
/// other release is left as it is.
///
/// # Errors
/// Returns an error if a bundle cannot be published; the bundles before it stay published.
pub async fn publish_missing(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    bundles: &FileTree,
    (recipes, reader): (&FileTree, &ReaderSettings),
) -> Result<(), PublishError> {
    let (published, others) = release_writer::bundles(client).await?;
    if others {
        return Ok(());
    }
    for name in names(bundles)?.into_iter().filter(|name| !published.contains(name)) {
        let folder = unpack(bundles, &name)?;
        let report = publish_folder(client, registry, folder.path(), (recipes, reader), Some(name.clone())).await?;
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
    (recipes, reader): (&FileTree, &ReaderSettings),
    bundle: Option<String>,
) -> Result<Report, PublishError> {
    let progress = Progress::start(bundle.as_deref().unwrap_or_default());
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
    pipeline::publish(client, registry, &job, &progress).await
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
