//! Owns the writing of files to disk: each is complete or absent.
//! Must not know which file belongs where, nor what the database records.

use std::fs::{DirBuilder, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::budget::{self, DiskBudget};
use super::metadata::{FileMetadata, PROGRAM, metadata_path};
use crate::db::read::chunks::Chunks;
use crate::format::{self, About, AnySpace};
use crate::http::cache::compression::Coding;
use crate::http::response::file;
use crate::query::Plan;

/// The size of the write buffer in bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// What a file is made of: the plan, what its format says of it, the names of its fields, and its rows.
pub type Content<'c> = (&'c Plan, &'c About, Vec<String>, Chunks);

/// Writes a file and its metadata.
///
/// # Errors
/// Returns an error if the disk or the database fails, if the representation cannot hold the rows, or if the file has no room.
pub fn write(path: &Path, (plan, about, fields, rows): Content<'_>, budget: &DiskBudget) -> io::Result<FileMetadata> {
    // The process builds one file at a time, so that only one workbook needs temporary files beside those of exports.
    let mut writer = format::writer(plan, about, Box::new(AnySpace))?;
    put(path, budget, |out| Ok((file::drain(writer.as_mut(), out, rows)?, fields)))
}

/// Writes a file in a coding and its metadata, from the file without coding, which has these metadata.
///
/// # Errors
/// Returns an error if the disk fails or if the file has no room.
pub fn write_coded(
    path: &Path,
    (plain, metadata): (&Path, &FileMetadata),
    coding: Coding,
    budget: &DiskBudget,
) -> io::Result<FileMetadata> {
    let mut plain = budget::open(plain)?;
    put(path, budget, |out| {
        coding.compress_file(&mut plain, metadata.bytes, out)?;
        Ok((metadata.rows, metadata.fields.clone()))
    })
}

/// Writes a file under a temporary name, renames it once it is complete and has room, then does the same with its metadata.
/// `content` writes it and tells the number of its rows and their fields.
fn put(
    path: &Path,
    budget: &DiskBudget,
    content: impl FnOnce(&mut dyn Write) -> io::Result<(u64, Vec<String>)>,
) -> io::Result<FileMetadata> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let file = tempfile::NamedTempFile::new_in(folder)?;
    file.as_file().try_lock_shared()?;
    let hashing = HashingFile { file, hasher: Sha256::new(), bytes: 0, limit: budget.bytes() };
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, hashing);
    let (rows, fields) = content(&mut out)?;
    let out = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    let sha256 = hex::encode(out.hasher.finalize());
    let metadata = FileMetadata { sha256, bytes: out.bytes, rows, fields, program: PROGRAM.to_owned() };
    out.file.as_file().sync_all()?;
    budget.make_room(path, out.bytes)?;
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
    /// The most bytes.
    limit: u64,
}

impl Write for HashingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes + bytes.len() as u64 > self.limit {
            let why = "the file is larger than all files of releases may be (REPERES_FILES_MB)";
            return Err(io::Error::new(io::ErrorKind::StorageFull, why));
        }
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
