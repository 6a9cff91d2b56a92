//! Owns the publication of the service's own data: each bundle below a folder becomes a release, once.
//! Must not know the form of the files.

use std::path::{Path, PathBuf};

use super::errors::PublishError;
use super::input::manifest::{self, Manifest};
use super::pipeline::{self, Job};
use super::progress::Progress;
use super::report::Outcome;
use crate::access::Rights;
use crate::db::connection::config::Client;
use crate::db::write::audit::By;
use crate::db::write::release_writer;
use crate::query::Dataset;

/// Publishes every bundle below `root` that has not been, in the order of their names. A database in which something
/// else has been published is left alone: it is no longer the bundles' to fill.
///
/// # Errors
/// [`PublishError`]; the bundles before the one at fault stay published.
pub async fn publish_missing(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    root: &Path,
    recipes: &Path,
) -> Result<(), PublishError> {
    let (published, others) = release_writer::bundles(client).await?;
    if others {
        return Ok(());
    }
    for folder in folders(root)? {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if published.contains(&name) {
            continue;
        }
        let report = publish_folder(client, registry, &folder, recipes, Some(name.clone())).await?;
        match report.outcome {
            Outcome::Unchanged => log::warn!("{name} holds nothing to publish"),
            _ => {
                let rows: u64 = report.datasets.iter().map(|effect| effect.counts.added + effect.counts.changed).sum();
                log::info!("{name} is published as release {}: {rows} rows", report.release.unwrap_or_default());
            }
        }
    }
    Ok(())
}

/// Publishes a folder with a manifest as one release.
///
/// # Errors
/// [`PublishError`]; then nothing has been published.
pub async fn publish_folder(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    folder: &Path,
    recipes: &Path,
    bundle: Option<String>,
) -> Result<super::report::Report, PublishError> {
    let manifest = Manifest::read(folder)?;
    let progress = Progress::start(&manifest.title);
    let (folder, recipes) = (folder.to_owned(), recipes.to_owned());
    let (received, rights, by) = (None, Rights::all(), By::command_line());
    let job = Job { manifest, folder, recipes, bundle, trial: false, explain: 0, wait: true, received, rights, by };
    pipeline::publish(client, registry, &job, &progress).await
}

/// The bundles below a folder.
pub(super) fn folders(root: &Path) -> Result<Vec<PathBuf>, PublishError> {
    let unreadable = |error: std::io::Error| {
        PublishError::Unreadable(format!("the bundled data in {} cannot be read: {error}", root.display()))
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.join(manifest::NAME).is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
