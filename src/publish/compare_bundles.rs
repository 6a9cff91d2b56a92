//! Owns the comparison of the bundled files with what was published of them: a row that is not as its file says is at
//! fault; one that a later release corrected is not.
//! Must not know how faults are shown.

use std::sync::Arc;

use serde::Serialize;

use super::bundles::{names, unpack};
use super::errors::PublishError;
use super::file_tree::FileTree;
use super::input::files::Inputs;
use super::input::manifest::Manifest;
use super::load;
use super::progress::Progress;
use super::rows::recipe::Names;
use crate::db::connection::config::Client;
use crate::db::write::release_writer::{self, Publication};
use crate::db::write::staging::Stage;
use crate::query::Dataset;

/// What a bundle and the database have in common.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// Name of the bundle.
    pub bundle: String,
    /// The release that it was published as; none when it was not, or its files have changed since.
    pub release: Option<i32>,
    /// Rows of its files.
    pub rows: u64,
    /// Rows that later releases changed or withdrew.
    pub superseded: u64,
    /// Rows that are not as the files say: dataset, code, detail; the first of them.
    pub faults: Vec<(&'static str, String, String)>,
    /// How many of them there are.
    pub fault_count: u64,
}

/// Compares every bundle of a tree. Rows are staged in a transaction that is undone; nobody waits for it.
///
/// # Errors
/// When the files cannot be read; the database's.
pub async fn compare(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    bundles: &FileTree,
    recipes: &FileTree,
) -> Result<Vec<Comparison>, PublishError> {
    let mut all = Vec::new();
    for bundle in names(bundles)? {
        let folder = unpack(bundles, &bundle)?;
        let mut comparison = Comparison { bundle, release: None, rows: 0, superseded: 0, faults: Vec::new(), fault_count: 0 };
        let manifest = Manifest::read(folder.path())?;
        let inputs = {
            let (folder, recipes) = (folder.path().to_owned(), recipes.clone());
            let gather = move || Inputs::gather(registry, &manifest, &folder, &recipes);
            let gathered = tokio::task::spawn_blocking(gather).await;
            gathered.map_err(|_| PublishError::Unreadable("the scan of the files broke off".to_owned()))??.shared()
        };
        let digests: Vec<&str> = inputs.inputs.iter().map(|input| input.scan.sha256.as_str()).collect();
        if let Some(release) = release_writer::of_bundle(client, &comparison.bundle, &digests).await? {
            comparison.release = Some(release);
            rows(client, &inputs, &mut comparison, release).await?;
        }
        all.push(comparison);
    }
    Ok(all)
}

async fn rows(client: &mut Client, inputs: &Arc<Inputs>, comparison: &mut Comparison, release: i32) -> Result<(), PublishError> {
    let publication = Publication::begin(client).await?;
    let (names, progress) = (Arc::new(Names::default()), Progress::start(&comparison.bundle));
    for (dataset, springs) in &inputs.datasets {
        let stage = Stage::create(publication.transaction(), dataset).await?;
        let mut read = load::read(inputs, (dataset, springs), &stage, &names, &progress, 0).await?;
        read.faults.check()?;
        let found = stage.compare_with_release(release).await?;
        comparison.rows += found.rows;
        comparison.superseded += found.superseded;
        comparison.fault_count += found.fault_count;
        comparison.faults.extend(found.faults.into_iter().map(|(code, detail)| (dataset.name, code, detail)));
    }
    progress.finish();
    Ok(())
}
