//! Owns the comparison of the bundled files with the releases made from them. A row that differs from its file is a
//! fault, unless a later release changed it.
//! Must not know how faults are shown.

use std::path::Path;

use serde::Serialize;

use super::bundles::{names, unpack};
use super::errors::PublishError;
use super::file_tree::FileTree;
use super::input::files::Inputs;
use super::progress::Progress;
use super::reader_process::{FileReader, ManifestSource, ReadRequest, ReaderSettings};
use crate::db::connection::config::Client;
use crate::db::write::release_writer::{self, ReleaseWriter};
use crate::db::write::staging::Stage;
use crate::query::Dataset;

/// The comparison of one bundle with the database.
#[derive(Debug, Serialize)]
pub struct BundleComparison {
    /// Name of the bundle.
    pub bundle: String,
    /// The release made from these files; None if there is none.
    pub release: Option<i32>,
    /// The number of rows in its files.
    pub rows: u64,
    /// The number of rows that later releases changed or withdrew.
    pub superseded: u64,
    /// The first rows that differ from the files: dataset, code, detail.
    pub faults: Vec<(&'static str, String, String)>,
    /// The number of all rows that differ.
    pub fault_count: u64,
}

/// Compares every bundle of a tree. The rows are staged in a transaction that is rolled back, without the publication
/// lock.
///
/// # Errors
/// Returns an error if the files cannot be read or the database fails.
pub async fn compare(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    bundles: &FileTree,
    (recipes, reader): (&FileTree, &ReaderSettings),
) -> Result<Vec<BundleComparison>, PublishError> {
    let mut all = Vec::new();
    for bundle in names(bundles)? {
        let folder = unpack(bundles, &bundle)?;
        let mut comparison =
            BundleComparison { bundle, release: None, rows: 0, superseded: 0, faults: Vec::new(), fault_count: 0 };
        let request = ReadRequest {
            manifest: ManifestSource::Folder,
            folder: folder.path().to_owned(),
            recipes: recipes.folder().map(Path::to_owned),
            received: None,
            explain: 0,
        };
        let (file_reader, _, inputs) = FileReader::start(reader, request).await?;
        let digests: Vec<&str> = inputs.inputs.iter().map(|input| input.sha256.as_str()).collect();
        if let Some(release) = release_writer::of_bundle(client, &comparison.bundle, &digests).await? {
            comparison.release = Some(release);
            rows(client, registry, (file_reader, &inputs), (&mut comparison, release)).await?;
        }
        all.push(comparison);
    }
    Ok(all)
}

async fn rows(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    (mut reader, inputs): (FileReader, &Inputs),
    (comparison, release): (&mut BundleComparison, i32),
) -> Result<(), PublishError> {
    let publication = ReleaseWriter::begin(client, false).await?;
    let progress = Progress::start(&comparison.bundle);
    reader.begin_rows(&publication, inputs).await?;
    for (dataset, _) in inputs.datasets(registry) {
        let stage = Stage::create(publication.transaction(), dataset).await?;
        let mut read = reader.copy_dataset(&stage, &progress).await?;
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
