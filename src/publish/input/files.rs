//! Owns what a publication knows of its files once they are scanned: their digests, the parts that give rows, and the places
//! of faults. The reader process sends it.
//! Must not know how files are read.

use serde::{Deserialize, Serialize};

use super::manifest::{Manifest, ManifestFile};
use crate::publish::rows::copy_writer::FileOrigin;
use crate::query::Dataset;

/// A scanned file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Input {
    /// Its entry in the manifest.
    pub file: ManifestFile,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Its length, in bytes.
    pub bytes: u64,
    /// The tables of its recipe, if it has one.
    pub tables: Option<Vec<TableUnit>>,
}

/// The unit in which a recipe reads the figures of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TableUnit {
    /// The code of the unit, if the recipe gives one.
    pub code: Option<String>,
    /// The power of ten.
    pub multiplier: i32,
}

/// A part of an input that gives rows of one dataset.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct InputPart {
    /// The index of the input in [`Inputs::inputs`].
    pub input: usize,
    /// The index of the origin in [`Inputs::origins`].
    pub origin: usize,
    /// The kind of part.
    pub kind: PartKind,
}

/// The kinds of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartKind {
    /// A canonical file: its header has the names of fields.
    Whole,
    /// A table of the recipe, by its index.
    Table(usize),
    /// The rows inside the recipe itself.
    Recipe,
}

/// All files of a publication.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inputs {
    /// The files.
    pub inputs: Vec<Input>,
    /// The files and their sheets, for the places of faults.
    pub origins: Vec<FileOrigin>,
    /// The name of each dataset with the parts that give its rows, in the order of the registry.
    pub datasets: Vec<(String, Vec<InputPart>)>,
}

impl Inputs {
    /// The datasets of the registry that the files give rows of.
    pub fn datasets(&self, registry: &'static [&'static Dataset]) -> impl Iterator<Item = (&'static Dataset, &[InputPart])> {
        let known = |name: &str| registry.iter().copied().find(|dataset| dataset.name == name);
        self.datasets.iter().filter_map(move |(name, parts)| Some((known(name)?, parts.as_slice())))
    }

    /// Whether the files give rows of a dataset, or the manifest withdraws some.
    pub fn touch(&self, manifest: &Manifest, dataset: &str) -> bool {
        self.datasets.iter().any(|(read, _)| read == dataset) || manifest.withdraw.iter().any(|asked| asked.dataset == dataset)
    }

    /// The number of bytes to read. A workbook counts once for each of its tables.
    pub fn bytes(&self) -> u64 {
        let parts = self.datasets.iter().flat_map(|(_, parts)| parts);
        parts.filter(|part| part.kind != PartKind::Recipe).map(|part| self.inputs[part.input].bytes).sum()
    }

    /// The origins of an input's rows, without the rows inside its recipe.
    pub fn origins_of(&self, input: usize) -> Vec<i32> {
        let parts = self.datasets.iter().flat_map(|(_, parts)| parts);
        let own = parts.filter(|part| part.input == input && part.kind != PartKind::Recipe);
        own.filter_map(|part| i32::try_from(part.origin).ok()).collect()
    }
}
