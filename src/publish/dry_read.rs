//! Owns the reading of a folder as a publication reads it, without a database. The fuzz targets use it.
//! Must not know the checks that need all rows.

use std::path::Path;

use tokio::sync::mpsc;

use super::errors::PublishError;
use super::file_tree::FileTree;
use super::input::files::Inputs;
use super::input::manifest::Manifest;
use super::load;
use super::progress::Progress;
use super::rows::copy_writer::CopyWriter;
use super::rows::recipe::TerritoryNames;
use crate::query::Dataset;

/// The most chunks in the channel. They are discarded.
const CHUNKS: usize = 1;

/// Reads the files of a folder with a manifest and returns the number of faults in their rows. It blocks; do not call
/// it from asynchronous code.
///
/// # Errors
/// Returns an error if the manifest, a recipe or a file cannot be read.
pub fn dry_read(registry: &'static [&'static Dataset], folder: &Path, recipes: &FileTree) -> Result<usize, PublishError> {
    let manifest = Manifest::read(folder)?;
    let inputs = Inputs::gather(registry, &manifest, folder, recipes)?;
    let (progress, names) = (Progress::start(&manifest.title), TerritoryNames::default());
    let mut count = 0;
    for (dataset, parts) in &inputs.datasets {
        let (sender, mut receiver) = mpsc::channel(CHUNKS);
        let read = std::thread::scope(|scope| {
            scope.spawn(move || while receiver.blocking_recv().is_some() {});
            load::read_all(&inputs, parts, &names, CopyWriter::new(dataset, progress.clone(), sender), 0)
        });
        count += read.faults.into_parts().1;
    }
    progress.finish();
    Ok(count)
}
