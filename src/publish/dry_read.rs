//! Owns the reading of a folder as a publication reads it, without a database and in this process. The fuzz targets use it.
//! Must not know the checks that need all rows.

use std::path::Path;

use super::errors::PublishError;
use super::file_tree::FileTree;
use super::input::manifest::Manifest;
use super::input::scanned::ScannedFiles;
use super::load;
use super::progress::Progress;
use super::rows::copy_writer::CopyWriter;
use super::rows::recipe::TerritoryNames;
use crate::query::Dataset;

/// Reads the files of a folder with a manifest and returns the number of faults in their rows. It blocks; do not call
/// it from asynchronous code.
///
/// # Errors
/// Returns an error if the manifest, a recipe or a file cannot be read.
pub fn dry_read(registry: &'static [&'static Dataset], folder: &Path, recipes: &FileTree) -> Result<usize, PublishError> {
    let manifest = Manifest::read(folder)?;
    let files = ScannedFiles::gather(registry, &manifest, folder, recipes)?;
    let names = TerritoryNames::default();
    let mut count = 0;
    for (dataset, parts) in &files.datasets {
        let writer = CopyWriter::new(dataset, Progress::silent(), Box::new(|_| true));
        count += load::read_all(&files, parts, &names, writer, 0).faults.into_parts().1;
    }
    Ok(count)
}
