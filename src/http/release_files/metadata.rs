//! Owns the metadata of a file, as JSON beside it: without them, a file does not count as there.
//! Must not know which file belongs where.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::db::write::file_records::FileRecord;

/// The extension of the metadata of a file, after its own.
pub const METADATA: &str = "facts";

/// The version of the program that builds files.
pub const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// The metadata of a file, stored next to it as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileMetadata {
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// The length of the file.
    pub bytes: u64,
    /// The number of rows.
    pub rows: u64,
    /// The fields of the dataset that it was made from.
    pub fields: Vec<String>,
    /// The version of the program that built it.
    #[serde(default)]
    pub program: String,
}

impl FileMetadata {
    /// The value of `Repr-Digest` (RFC 9530).
    pub fn digest(&self) -> String {
        let bytes: Vec<u8> = (0..self.sha256.len())
            .step_by(2)
            .filter_map(|at| u8::from_str_radix(self.sha256.get(at..at + 2)?, 16).ok())
            .collect();
        format!("sha-256=:{}:", BASE64_STANDARD.encode(bytes))
    }

    /// The record of the file under a name.
    pub fn record(&self, name: &str) -> FileRecord {
        let Self { sha256, bytes, rows, fields, .. } = self.clone();
        FileRecord { file: name.to_owned(), sha256, bytes, rows, fields }
    }

    /// Whether it is the recorded file.
    pub fn is(&self, record: &FileRecord) -> bool {
        self.sha256 == record.sha256 && self.bytes == record.bytes
    }

    /// The strong entity tag.
    pub fn etag(&self) -> String {
        format!("\"{}\"", &self.sha256[..32.min(self.sha256.len())])
    }
}

/// The metadata of a file; `None` unless the file is there with the length that they say.
pub fn metadata(path: &Path) -> Option<FileMetadata> {
    let metadata: FileMetadata = serde_json::from_slice(&fs::read(metadata_path(path)).ok()?).ok()?;
    fs::metadata(path).is_ok_and(|file| file.len() == metadata.bytes).then_some(metadata)
}

/// The path of the metadata of a file.
pub fn metadata_path(path: &Path) -> PathBuf {
    path.with_added_extension(METADATA)
}
