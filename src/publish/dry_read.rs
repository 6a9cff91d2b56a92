//! Owns the reading of a folder as a publication reads it, with no database: for those who try the readers, such as the
//! fuzz targets.
//! Must not know what is checked across rows, or against what is published.

use std::path::Path;

use tokio::sync::mpsc;

use super::errors::PublishError;
use super::file_tree::FileTree;
use super::input::files::Inputs;
use super::input::manifest::Manifest;
use super::load;
use super::progress::Progress;
use super::rows::copy_writer::Output;
use super::rows::recipe::Names;
use crate::query::Dataset;

/// Chunks that may wait; they are thrown away.
const CHUNKS: usize = 1;

/// Reads the files of a folder with its manifest, and says how many faults the rows have. Not to be called from an
/// asynchronous context.
///
/// # Errors
/// When the manifest, a recipe or a file as such cannot be read.
pub fn rehearse(registry: &'static [&'static Dataset], folder: &Path, recipes: &FileTree) -> Result<usize, PublishError> {
    let manifest = Manifest::read(folder)?;
    let inputs = Inputs::gather(registry, &manifest, folder, recipes)?;
    let (progress, names) = (Progress::start(&manifest.title), Names::default());
    let mut count = 0;
    for (dataset, springs) in &inputs.datasets {
        let (sender, mut receiver) = mpsc::channel(CHUNKS);
        let read = std::thread::scope(|scope| {
            scope.spawn(move || while receiver.blocking_recv().is_some() {});
            load::read_all(&inputs, springs, &names, Output::new(dataset, progress.clone(), sender), 0)
        });
        count += read.faults.into_parts().1;
    }
    progress.finish();
    Ok(count)
}
