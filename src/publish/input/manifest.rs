//! Owns the manifest of a publication: what stands beside the files, says what they are, and vouches for them.
//! Must not know what is in the files.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::readers::dialect::FileDialect;
use crate::publish::errors::PublishError;

/// Name of the manifest in a folder.
pub const NAME: &str = "manifest.toml";

/// A manifest, as TOML. Paths are relative to its folder.
#[derive(Clone, Debug, Deserialize)]
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
    /// Warn of figures that change by more than this share of what they were: 0.5 is half.
    #[serde(default = "half")]
    pub warn_above: f64,
    /// The files, in any order.
    #[serde(default, rename = "file")]
    pub files: Vec<ManifestFile>,
    /// The rows to withdraw.
    #[serde(default)]
    pub withdraw: Vec<ManifestWithdrawal>,
}

fn half() -> f64 {
    0.5
}

/// One file of a publication.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Path from the manifest.
    pub path: String,
    /// The dataset of its rows, when its headers are the names of fields.
    pub dataset: Option<String>,
    /// The recipe that says how it is read, when they are not: a name, or a path from the manifest.
    pub recipe: Option<String>,
    /// The second file that the recipe asks for.
    pub companion: Option<String>,
    /// How many rows of the dataset it gives.
    pub rows: Option<u64>,
    /// Its SHA-256, in hexadecimal.
    pub sha256: Option<String>,
    /// How it is written, where that is not to be detected.
    #[serde(default)]
    pub dialect: FileDialect,
    /// Values that every row has, for columns that the file leaves out.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// The sums of columns.
    #[serde(default)]
    pub totals: BTreeMap<String, String>,
    /// What becomes of rows that the file does not have.
    #[serde(default)]
    pub mode: MergeMode,
    /// In mode `replace`, the rows that the file stands for: those with these values in these fields.
    #[serde(default)]
    pub scope: BTreeMap<String, ScopeValues>,
}

/// What becomes of rows that a file does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MergeMode {
    /// They stay.
    #[default]
    Merge,
    /// They are withdrawn, within the scope of the file.
    Replace,
}

/// One value or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum ScopeValues {
    /// One.
    One(String),
    /// Any of these.
    Many(Vec<String>),
}

impl ScopeValues {
    /// The values.
    pub fn as_slice(&self) -> &[String] {
        match self {
            ScopeValues::One(value) => std::slice::from_ref(value),
            ScopeValues::Many(values) => values,
        }
    }
}

/// Rows to withdraw, with what their readers are told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestWithdrawal {
    /// The dataset.
    pub dataset: String,
    /// The codes of the rows.
    pub codes: Vec<String>,
    /// Why, in French.
    pub reason: String,
    /// The code of what stands in their place.
    pub successor: Option<String>,
}

impl Manifest {
    /// The manifest of a file that comes alone, as far as it says nothing else.
    pub fn of(file: ManifestFile) -> Self {
        let title = format!("Publication de {}", file.path);
        Self { title: title.clone(), description: title, files: vec![file], ..Self::empty() }
    }

    /// The manifest of a withdrawal that comes alone.
    pub fn withdrawing(withdrawal: ManifestWithdrawal) -> Self {
        let title = format!("Retrait : {}", withdrawal.reason);
        Self { title: title.clone(), description: title, withdraw: vec![withdrawal], ..Self::empty() }
    }

    fn empty() -> Self {
        Self {
            title: String::new(),
            description: String::new(),
            publisher: "Repères".to_owned(),
            licence: "etalab-2.0".to_owned(),
            notes: None,
            warn_above: half(),
            files: Vec::new(),
            withdraw: Vec::new(),
        }
    }

    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// When it is missing or is not a manifest.
    pub fn read(folder: &Path) -> Result<Self, PublishError> {
        let path = folder.join(NAME);
        let unreadable = |why: String| PublishError::Unreadable(format!("{} cannot be read: {why}", path.display()));
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
        Self::parse(&text).map_err(unreadable)
    }

    /// Reads the text of a manifest.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let manifest: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        match manifest.files.is_empty() && manifest.withdraw.is_empty() {
            true => Err("it names neither a `[[file]]` nor anything to `[[withdraw]]`".to_owned()),
            false => Ok(manifest),
        }
    }
}
