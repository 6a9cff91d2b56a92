//! Owns the manifest of a publication: the description of a release, its files, and the rows to withdraw.
//! Must not know the contents of the files.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::readers::dialect::FileDialect;
use crate::publish::errors::PublishError;

/// The file name of a manifest.
pub const NAME: &str = "manifest.toml";

/// The most bytes of a manifest: the codes of a hundred thousand rows to withdraw.
const MANIFEST_BYTES: u64 = 8 << 20;

/// A manifest, read from TOML. Paths are relative to its folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Title of the release, in French.
    pub title: String,
    /// The contents and origin of the data, in French.
    pub description: String,
    /// The publisher.
    pub publisher: String,
    /// The licence of the data.
    pub licence: String,
    /// Notes for users of the data, in French.
    pub notes: Option<String>,
    /// The relative change of a figure above which the report warns: 0.5 is half of the former value.
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
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// The path, relative to the manifest.
    pub path: String,
    /// The dataset of its rows, if its header has the names of fields.
    pub dataset: Option<String>,
    /// The recipe that reads it, if its header has other names: a recipe's name, or a path relative to the manifest.
    pub recipe: Option<String>,
    /// The path of the second file that the recipe joins.
    pub companion: Option<String>,
    /// The number of rows that it must give.
    pub rows: Option<u64>,
    /// Its expected SHA-256, in hexadecimal.
    pub sha256: Option<String>,
    /// The details of its format; the rest is detected.
    #[serde(default)]
    pub dialect: FileDialect,
    /// Constant values of columns that the file does not have.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// The expected sums of columns.
    #[serde(default)]
    pub totals: BTreeMap<String, String>,
    /// What happens to published rows that the file does not have.
    #[serde(default)]
    pub mode: MergeMode,
    /// In mode `replace`, the rows that the file replaces: those with one of these values in each of these fields.
    #[serde(default)]
    pub scope: BTreeMap<String, ScopeValues>,
}

/// What happens to published rows that a file does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MergeMode {
    /// They stay current.
    #[default]
    Merge,
    /// They are withdrawn, if they lie in the scope of the file.
    Replace,
}

/// One value or several.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ScopeValues {
    /// One value.
    One(String),
    /// Several values, any of which matches.
    Many(Vec<String>),
}

impl ScopeValues {
    /// The values as a slice.
    pub fn as_slice(&self) -> &[String] {
        match self {
            ScopeValues::One(value) => std::slice::from_ref(value),
            ScopeValues::Many(values) => values,
        }
    }
}

/// Rows to withdraw.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestWithdrawal {
    /// The dataset.
    pub dataset: String,
    /// The codes of the rows.
    pub codes: Vec<String>,
    /// The reason, in French; the API shows it.
    pub reason: String,
    /// The code of the row that replaces them.
    pub successor: Option<String>,
}

impl Manifest {
    /// The default manifest of a file that is published without one.
    pub fn of(file: ManifestFile) -> Self {
        let title = format!("Publication de {}", file.path);
        Self { title: title.clone(), description: title, files: vec![file], ..Self::empty() }
    }

    /// The manifest of a withdrawal without files.
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
    /// Returns an error if it is missing or invalid.
    pub fn read(folder: &Path) -> Result<Self, PublishError> {
        let path = folder.join(NAME);
        let unreadable = |why: String| PublishError::Unreadable(format!("{} cannot be read: {why}", path.display()));
        let length = std::fs::metadata(&path).map_err(|error| unreadable(error.to_string()))?.len();
        if length > MANIFEST_BYTES {
            return Err(unreadable(format!("it has {length} bytes, and may have {MANIFEST_BYTES}")));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
        Self::parse(&text).map_err(unreadable)
    }

    /// Parses a manifest.
    ///
    /// # Errors
    /// Returns what is invalid, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let manifest: Self = toml::from_str(text).map_err(|error| crate::problem::excerpt(&error.to_string()))?;
        if !(manifest.warn_above.is_finite() && manifest.warn_above >= 0.0) {
            return Err(format!("`warn_above` is {}, which is not a share such as 0.5", manifest.warn_above));
        }
        match manifest.files.is_empty() && manifest.withdraw.is_empty() {
            true => Err("it names neither a `[[file]]` nor anything to `[[withdraw]]`".to_owned()),
            false => Ok(manifest),
        }
    }
}
