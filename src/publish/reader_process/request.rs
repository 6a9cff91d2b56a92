//! Owns the messages between a publication and its reader process.
//! Must not know how they are sent.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::settings::ReaderLimits;
use crate::problem::Fault;
use crate::publish::errors::PublishError;
use crate::publish::input::files::Inputs;
use crate::publish::input::manifest::{Manifest, ManifestFile};

/// Where the manifest comes from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ManifestSource {
    /// It is known.
    Given(Box<Manifest>),
    /// It is the file `manifest.toml` of the folder.
    Folder,
    /// There is none: this is the only file, and its recipe gives the texts.
    SingleFile(Box<ManifestFile>),
}

/// What the reader process shall read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadRequest {
    /// The manifest.
    pub manifest: ManifestSource,
    /// The folder to which its paths are relative.
    pub folder: PathBuf,
    /// The folder of the recipes that are called by name, if not those in the program.
    pub recipes: Option<PathBuf>,
    /// For HTTP, the names of the received files: the manifest may name no others.
    pub received: Option<Vec<String>>,
    /// The number of rows of each table that are explained.
    pub explain: usize,
}

/// The first message to the reader process.
#[derive(Debug, Serialize, Deserialize)]
pub struct FirstMessage {
    /// What it shall read.
    pub request: ReadRequest,
    /// Its limits.
    pub limits: ReaderLimits,
}

/// What the scan of the files found.
#[derive(Debug, Serialize, Deserialize)]
pub enum Gathered {
    /// The files can be read.
    Ready {
        /// The manifest.
        manifest: Box<Manifest>,
        /// The files.
        inputs: Box<Inputs>,
        /// The protections that this system does not have.
        unprotected: Vec<String>,
    },
    /// The files have faults.
    Refused {
        /// The first faults.
        faults: Vec<Fault>,
        /// The number of all faults.
        count: usize,
    },
    /// A file, the manifest or a recipe cannot be read.
    Unreadable(String),
}

impl From<PublishError> for Gathered {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Refused { faults, count } => Self::Refused { faults, count },
            other => Self::Unreadable(other.to_string()),
        }
    }
}

/// A kind of territory, a code and a name, for recipes that read names.
pub type NamedTerritory = (String, String, String);
