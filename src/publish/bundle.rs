//! Owns the publication of a bundle: a folder with a manifest becomes one release, or nothing.
//! Must not know the form of the files.

use std::path::{Path, PathBuf};

use tokio_postgres::Client;

use super::checks;
use super::fault::{Faults, FileFault, PublishError};
use super::manifest::{self, Manifest};
use super::progress::Progress;
use super::reader;
use crate::db::publication::{self, Publication, Record};
use crate::db::stage::{Counts, Stage};
use crate::query::closest::closest;
use crate::query::{Dataset, Rows};

/// What came of a publication.
#[derive(Debug)]
pub enum Outcome {
    /// A release was made.
    Published {
        /// Its number.
        number: i32,
        /// What it did, by dataset.
        counts: Vec<(&'static str, Counts)>,
    },
    /// The files say nothing that was not there already.
    Unchanged,
}

/// Publishes every bundle below `root` that has not been, in the order of their names. A database in which something
/// else has been published is left alone: it is no longer the bundles' to fill.
///
/// # Errors
/// [`PublishError`]; the bundles before the one at fault stay published.
pub async fn publish_missing(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    root: &Path,
) -> Result<(), PublishError> {
    let (published, others) = publication::bundles(client).await?;
    if others {
        return Ok(());
    }
    for folder in folders(root)? {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if published.contains(&name) {
            continue;
        }
        match publish(client, registry, &folder, Some(name.clone())).await? {
            Outcome::Published { number, counts } => {
                let rows: u64 = counts.iter().map(|(_, c)| c.added + c.changed).sum();
                log::info!("{name} is published as release {number}: {rows} rows");
            }
            Outcome::Unchanged => log::warn!("{name} holds nothing to publish"),
        }
    }
    Ok(())
}

/// The bundles below a folder.
fn folders(root: &Path) -> Result<Vec<PathBuf>, PublishError> {
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

/// Publishes one bundle as one release.
///
/// # Errors
/// [`PublishError`]; then nothing has been published.
pub async fn publish(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    folder: &Path,
    bundle: Option<String>,
) -> Result<Outcome, PublishError> {
    let manifest = Manifest::read(folder)?;
    let mut faults = Faults::default();
    for file in &manifest.files {
        if !registry.iter().any(|dataset| dataset.name == file.dataset) {
            let near = closest(&file.dataset, registry.iter().map(|dataset| dataset.name));
            faults.push(FileFault::of_file(
                &file.path,
                format!("`{}` is not a dataset; closest: {}", file.dataset, near.join(", ")),
            ));
        }
    }
    faults.check()?;
    let bytes = manifest.files.iter().filter_map(|file| std::fs::metadata(folder.join(&file.path)).ok()).map(|m| m.len()).sum();
    let progress = Progress::start(&manifest.title, bytes);
    let outcome = run(client, registry, folder, &manifest, bundle, &progress, &mut faults).await;
    progress.finish();
    outcome
}

async fn run(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    folder: &Path,
    manifest: &Manifest,
    bundle: Option<String>,
    progress: &Progress,
    faults: &mut Faults,
) -> Result<Outcome, PublishError> {
    let publication = Publication::begin(client).await?;
    let mut staged = Vec::new();
    for dataset in registry {
        let files: Vec<_> = manifest.files.iter().enumerate().filter(|(_, file)| file.dataset == dataset.name).collect();
        if files.is_empty() {
            continue;
        }
        let stage = Stage::create(publication.transaction(), dataset).await?;
        for file in &files {
            reader::read(folder, *file, dataset, &stage, progress, faults).await?;
        }
        staged.push((*dataset, stage, files));
    }
    faults.check()?;
    for (dataset, stage, files) in &staged {
        checks::keys(dataset, stage, manifest, faults).await?;
        for (index, file) in files {
            checks::totals(dataset, stage, (*index, file), faults).await?;
        }
    }
    faults.check()?;
    progress.step("comparing with what is published");
    let mut counts = Vec::new();
    for (dataset, stage, _) in &staged {
        counts.push((dataset.name, stage.merge(publication.number(), false).await?));
    }
    for (dataset, stage, _) in &staged {
        checks::references(&publication, registry, dataset, stage, manifest, faults).await?;
    }
    faults.check()?;
    if counts.iter().all(|(_, c)| *c == Counts::default()) {
        return Ok(Outcome::Unchanged);
    }
    progress.step("computing what follows");
    for dataset in registry {
        let Rows::Derived { from, select } = dataset.rows else { continue };
        if staged.iter().any(|(input, ..)| from.contains(&input.name)) {
            let stage = Stage::create(publication.transaction(), dataset).await?;
            stage.derive(select).await?;
            counts.push((dataset.name, stage.merge(publication.number(), true).await?));
        }
    }
    counts.retain(|(_, c)| *c != Counts::default());
    let number = publication.commit(record(manifest, bundle), &counts).await?;
    Ok(Outcome::Published { number, counts })
}

fn record(manifest: &Manifest, bundle: Option<String>) -> Record {
    let file = |file: &manifest::File| serde_json::json!({"path": file.path, "dataset": file.dataset, "rows": file.rows, "sha256": file.sha256});
    let notes = manifest.notes.as_ref().map_or(String::new(), |notes| format!("\n\n{notes}"));
    Record {
        title: manifest.title.clone(),
        notes: Some(format!("{}{notes}", manifest.description)),
        publisher: manifest.publisher.clone(),
        licence: manifest.licence.clone(),
        bundle,
        files: manifest.files.iter().map(file).collect(),
    }
}
