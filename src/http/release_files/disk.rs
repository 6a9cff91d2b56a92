//! Owns files on disk: each is complete or absent, with its metadata as JSON beside it.
//! Must not know which file belongs where, nor what the database records.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::db::read::chunks::Chunks;
use crate::db::write::file_records::FileRecord;
use crate::format::{self, About, AnySpace};
use crate::http::response::file;
use crate::query::Plan;

/// The size of the write buffer in bytes.
const BUFFER_BYTES: usize = 256 * 1024;

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
        let Self { sha256, bytes, rows, fields } = self.clone();
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

fn metadata_path(path: &Path) -> PathBuf {
    path.with_added_extension("facts")
}

/// Writes a file under a temporary name, renames it once it is complete, then does the same with its metadata.
///
/// # Errors
/// Returns an error if the disk or the database fails, or if the representation cannot hold the rows.
pub fn write(path: &Path, plan: &Plan, about: &About, fields: Vec<String>, rows: Chunks) -> io::Result<FileMetadata> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let hashing = HashingFile { file: tempfile::NamedTempFile::new_in(folder)?, hasher: Sha256::new(), bytes: 0 };
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, hashing);
    // The process builds one file at a time, so that only one workbook needs temporary files beside those of exports.
    let mut writer = format::writer(plan, about, Box::new(AnySpace))?;
    let rows = file::drain(writer.as_mut(), &mut out, rows)?;
    let out = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    let sha256 = hex::encode(out.hasher.finalize());
    let metadata = FileMetadata { sha256, bytes: out.bytes, rows, fields };
    out.file.as_file().sync_all()?;
    out.file.persist(path).map_err(|error| error.error)?;
    let mut metadata_file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut metadata_file, &metadata)?;
    metadata_file.persist(metadata_path(path)).map_err(|error| error.error)?;
    Ok(metadata)
}

/// A file that computes its SHA-256 as it is written.
struct HashingFile {
    file: tempfile::NamedTempFile<File>,
    hasher: Sha256,
    bytes: u64,
}

impl Write for HashingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
