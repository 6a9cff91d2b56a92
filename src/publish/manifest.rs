//! Owns the manifest of a bundle: what stands beside the files, says what they are, and vouches for them.
//! Must not know what is in the files.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::fault::PublishError;

/// Name of the manifest in a bundle's folder.
pub const NAME: &str = "manifest.toml";

/// A manifest, as TOML.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Title of the release, in French.
    pub title: String,
    /// What is in it and where it comes from, in French.
    pub description: String,
    /// Who publishes.
    pub publisher: String,
    /// Licence of the data.
    pub licence: String,
    /// What the reader must know, in French.
    pub notes: Option<String>,
    /// The files, in any order.
    #[serde(rename = "file")]
    pub files: Vec<File>,
}

/// One file of a bundle.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Path from the manifest.
    pub path: String,
    /// The dataset of its rows.
    pub dataset: String,
    /// How many rows it has.
    pub rows: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Values that every row has, for columns that the file leaves out.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// The sums of columns.
    #[serde(default)]
    pub totals: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// When it is missing or is not a manifest.
    pub fn read(folder: &Path) -> Result<Self, PublishError> {
        let path = folder.join(NAME);
        let unreadable = |why: String| PublishError::Unreadable(format!("{} cannot be read: {why}", path.display()));
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
        toml::from_str(&text).map_err(|error| unreadable(error.to_string()))
    }
}
