//! Owns what identifies a file of a release, and its name.
//! Must not know where files are, nor how they are built.

use crate::db::read::checked::Snapshot;
use crate::http::cache::compression::Coding;
use crate::query::{Context, Representation};

/// The codings that text files are kept in, the preferred first. The other representations are compressed already.
const CODINGS: [Coding; 2] = [Coding::Zstd, Coding::Gzip];

/// What identifies a file: a dataset, in a representation, at a release, in a coding.
#[derive(Clone)]
pub struct FileKey {
    /// The dataset.
    pub context: Context,
    /// The representation.
    pub representation: Representation,
    /// The release.
    pub snapshot: Snapshot,
    /// The coding.
    pub coding: Coding,
}

impl FileKey {
    /// The name of the file, such as `territories.csv` or `territories.csv.zst`.
    pub fn name(&self) -> String {
        let name = format!("{}.{}", self.context.dataset.name, self.representation.name());
        match self.coding.extension() {
            Some(extension) => format!("{name}.{extension}"),
            None => name,
        }
    }

    /// The same file in another coding.
    #[must_use]
    pub fn coded(&self, coding: Coding) -> Self {
        Self { coding, ..self.clone() }
    }

    /// The codings that the file is kept in besides its own.
    pub fn codings(&self) -> &'static [Coding] {
        match self.representation {
            Representation::Parquet | Representation::Xlsx => &[],
            _ => &CODINGS,
        }
    }
}
