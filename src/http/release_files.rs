//! Owns the files of releases on disk. A file is built once, complete or not at all, and never changes. Its path has the
//! number of the release and the microsecond of its publication, so that two databases may share a directory.
//! Must not know how a file is sent.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::response::file;
use crate::db::read::checked::Snapshot;
use crate::db::read::export::{Chunks, Exports};
use crate::format::{self, About};
use crate::query::{Context, Dataset, Kind, Plan, Representation, parse};

/// The representations of files. JSON is paged, and a JSON-stat cube has a limit that a whole dataset may exceed.
const REPRESENTATIONS: [Representation; 7] = [
    Representation::Csv,
    Representation::Ndjson,
    Representation::Parquet,
    Representation::Xlsx,
    Representation::GeoJson,
    Representation::SdmxCsv,
    Representation::Scdl,
];

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

    /// The strong entity tag.
    pub fn etag(&self) -> String {
        format!("\"{}\"", &self.sha256[..32.min(self.sha256.len())])
    }
}

/// What identifies a file: a dataset, in a representation, at a release.
#[derive(Clone)]
pub struct FileKey {
    /// The dataset.
    pub context: Context,
    /// The representation.
    pub representation: Representation,
    /// The release.
    pub snapshot: Snapshot,
}

impl FileKey {
    /// The name of the file, such as `territories.csv`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.context.dataset.name, self.representation.name())
    }
}

/// The representations of the files of a dataset. Only the territories have a GeoJSON file: with a contour in every row,
/// that of another dataset would be a hundred times as large.
pub fn representations(dataset: &'static Dataset) -> impl Iterator<Item = Representation> {
    let is_territories = dataset.territory_field().is_some_and(|field| matches!(field.kind, Kind::Code));
    REPRESENTATIONS.into_iter().filter(move |one| one.suits(dataset) && (is_territories || *one != Representation::GeoJson))
}

/// The directory of files, shared by all workers.
#[derive(Clone)]
pub struct ReleaseFiles {
    folder: Arc<PathBuf>,
    build_lock: Arc<tokio::sync::Mutex<()>>,
}

impl ReleaseFiles {
    /// The files in a directory, which the first file creates.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder: Arc::new(folder), build_lock: Arc::default() }
    }

    /// The path of a file, whether or not it exists.
    pub fn path(&self, key: &FileKey) -> PathBuf {
        let release = &key.snapshot.release;
        self.folder.join(format!("{}-{}", release.number, release.published_at.timestamp_micros())).join(key.name())
    }

    /// The metadata of a file; `None` if it has not been built.
    pub fn metadata(&self, key: &FileKey) -> Option<FileMetadata> {
        let text = fs::read(metadata_path(&self.path(key))).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Builds a file unless it exists. The process builds one file at a time; another process may build the same file, and
    /// either result is complete.
    ///
    /// # Errors
    /// Returns an error if the disk or the database fails, or if the representation cannot hold the rows.
    pub async fn build(&self, exports: &Exports, key: FileKey) -> io::Result<FileMetadata> {
        let (files, exports) = (self.clone(), exports.clone());
        let build = exports.handle().spawn(async move {
            let _lock = files.build_lock.lock().await;
            if let Some(metadata) = files.metadata(&key) {
                return Ok(metadata);
            }
            let path = files.path(&key);
            let plan = parse::every_row(key.context, key.representation).map_err(|_| io::ErrorKind::InvalidInput)?;
            let about = file::about(&plan, None, &key.snapshot);
            let rows = exports.rows(Arc::new(plan.clone()), key.snapshot);
            tokio::task::spawn_blocking(move || write(&path, &plan, &about, rows)).await.map_err(io::Error::other)?
        });
        build.await.map_err(io::Error::other)?
    }
}

fn metadata_path(path: &Path) -> PathBuf {
    path.with_added_extension("facts")
}

/// Writes a file under a temporary name, renames it once it is complete, then does the same with its metadata.
fn write(path: &Path, plan: &Plan, about: &About, rows: Chunks) -> io::Result<FileMetadata> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let hashing = HashingFile { file: tempfile::NamedTempFile::new_in(folder)?, hasher: Sha256::new(), bytes: 0 };
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, hashing);
    let mut writer = format::writer(plan, about)?;
    let rows = file::drain(writer.as_mut(), &mut out, rows)?;
    let out = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    let sha256 = hex::encode(out.hasher.finalize());
    let metadata = FileMetadata { sha256, bytes: out.bytes, rows };
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
