//! Owns the files of releases on disk: built once, whole or not at all, never changed, named after the release and the
//! instant of its publication so that no two databases share one.
//! Must not know how they are sent.

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

/// The representations that files are kept in. JSON is paged; a cube has bounds that a whole dataset may exceed.
const KEPT: [Representation; 7] = [
    Representation::Csv,
    Representation::Ndjson,
    Representation::Parquet,
    Representation::Xlsx,
    Representation::GeoJson,
    Representation::SdmxCsv,
    Representation::Scdl,
];

/// What is known of a file, beside it on disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// The rows that were read for it.
    pub rows: u64,
}

impl Facts {
    /// The digest as the header `Repr-Digest` has it (RFC 9530).
    pub fn digest(&self) -> String {
        let bytes: Vec<u8> = (0..self.sha256.len())
            .step_by(2)
            .filter_map(|at| u8::from_str_radix(self.sha256.get(at..at + 2)?, 16).ok())
            .collect();
        format!("sha-256=:{}:", BASE64_STANDARD.encode(bytes))
    }

    /// The strong validator of the file.
    pub fn etag(&self) -> String {
        format!("\"{}\"", &self.sha256[..32.min(self.sha256.len())])
    }
}

/// One file: a dataset, in a representation, of a release.
#[derive(Clone)]
pub struct Wanted {
    /// The rows.
    pub context: Context,
    /// The representation.
    pub representation: Representation,
    /// The release.
    pub snapshot: Snapshot,
}

impl Wanted {
    /// Its name.
    pub fn name(&self) -> String {
        format!("{}.{}", self.context.dataset.name, self.representation.name())
    }
}

/// The representations in which files of a dataset are kept. Contours stand in the file of the territories alone: beside
/// every row of another dataset they would outweigh it a hundred times.
pub fn kept(dataset: &'static Dataset) -> impl Iterator<Item = Representation> {
    let places = dataset.territory_field().is_some_and(|field| matches!(field.kind, Kind::Code));
    KEPT.into_iter().filter(move |one| one.suits(dataset) && (places || *one != Representation::GeoJson))
}

/// The files, shared by all workers.
#[derive(Clone)]
pub struct Store {
    folder: Arc<PathBuf>,
    building: Arc<tokio::sync::Mutex<()>>,
}

impl Store {
    /// The files in a folder, which is made when the first is built.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder: Arc::new(folder), building: Arc::default() }
    }

    /// Where a file is, built or not.
    pub fn path(&self, wanted: &Wanted) -> PathBuf {
        let release = &wanted.snapshot.release;
        self.folder.join(format!("{}-{}", release.number, release.published_at.timestamp_micros())).join(wanted.name())
    }

    /// What is known of a file; nothing when it has not been built.
    pub fn facts(&self, wanted: &Wanted) -> Option<Facts> {
        let text = fs::read(beside(&self.path(wanted))).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Builds a file unless it is there. One at a time: a file is whole or not there, whoever else builds it too.
    ///
    /// # Errors
    /// The disk's, the database's, or what the representation cannot hold.
    pub async fn build(&self, exports: &Exports, wanted: Wanted) -> io::Result<Facts> {
        let (store, exports) = (self.clone(), exports.clone());
        let built = exports.handle().spawn(async move {
            let _turn = store.building.lock().await;
            if let Some(facts) = store.facts(&wanted) {
                return Ok(facts);
            }
            let path = store.path(&wanted);
            let given = [("format".to_owned(), wanted.representation.name().to_owned())];
            let plan = parse::collection(wanted.context, None, &given, wanted.representation)
                .map_err(|_| io::ErrorKind::InvalidInput)?;
            let about = file::about(&plan, None, &wanted.snapshot);
            let rows = exports.rows(Arc::new(plan.clone()), wanted.snapshot);
            tokio::task::spawn_blocking(move || write(&path, &plan, &about, rows)).await.map_err(io::Error::other)?
        });
        built.await.map_err(io::Error::other)?
    }
}

/// The file beside a file that says what is known of it.
fn beside(path: &Path) -> PathBuf {
    path.with_added_extension("facts")
}

/// Writes a file under another name, and gives it its own when it is whole; what is known of it comes last.
fn write(path: &Path, plan: &Plan, about: &About, rows: Chunks) -> io::Result<Facts> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let hashed = Hashed { file: tempfile::NamedTempFile::new_in(folder)?, hasher: Sha256::new(), bytes: 0 };
    let mut out = BufWriter::with_capacity(PIECE, hashed);
    let mut writer = format::writer(plan, about)?;
    let rows = file::drain(writer.as_mut(), &mut out, rows)?;
    let out = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    let sha256 = hex::encode(out.hasher.finalize());
    let facts = Facts { sha256, bytes: out.bytes, rows };
    out.file.as_file().sync_all()?;
    out.file.persist(path).map_err(|error| error.error)?;
    let mut known = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut known, &facts)?;
    known.persist(beside(path)).map_err(|error| error.error)?;
    Ok(facts)
}

/// Bytes that are gathered before they are written.
const PIECE: usize = 256 * 1024;

/// A file that is digested as it is written.
struct Hashed {
    file: tempfile::NamedTempFile<File>,
    hasher: Sha256,
    bytes: u64,
}

impl Write for Hashed {
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
