//! Owns the format of a backup file: an archive of `pg_dump` in the custom format, as `pg_restore` reads it, then one line
//! of JSON with the metadata, then one line with the SHA-256 of everything before and the length of the JSON.
//! Must not know where the archive comes from or goes to.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::db::verify::digest::Digest;

/// Length of the last line: 64 hexadecimal digits, a space, 12 digits, a line feed.
const TRAILER: usize = 78;

/// The metadata of a backup.
#[derive(Debug, Serialize, Deserialize)]
pub struct Metadata {
    /// Version of the program that made it.
    pub program: String,
    /// Major version of the Postgres server.
    pub postgres: u32,
    /// Time of the snapshot, RFC 3339.
    pub at: String,
    /// The digest of each release.
    pub digests: Vec<Digest>,
    /// The digest of the records of files.
    pub files: String,
}

/// Writes a backup file, and computes its checksum on the way.
pub struct BackupWriter<'f> {
    file: &'f mut File,
    checksum: Sha256,
}

impl<'f> BackupWriter<'f> {
    /// Starts at the beginning of an empty file.
    pub fn new(file: &'f mut File) -> Self {
        Self { file, checksum: Sha256::new() }
    }

    /// Writes the two lines after the archive, and flushes the file to disk.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn finish(mut self, metadata: &Metadata) -> io::Result<()> {
        let mut json = serde_json::to_vec(metadata)?;
        json.push(b'\n');
        self.write_all(&json)?;
        let trailer = format!("{} {:012}\n", hex::encode(self.checksum.finalize()), json.len());
        self.file.write_all(trailer.as_bytes())?;
        self.file.sync_all()
    }
}

impl Write for BackupWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.checksum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Reads a backup file to its end, verifies the checksum, and gives the metadata.
///
/// # Errors
/// Returns a message for the operator if the file cannot be read, is damaged or is not a backup.
pub fn verify(path: &Path) -> Result<Metadata, String> {
    let unreadable = |error: io::Error| format!("cannot read {}: {error}", path.display());
    let damaged = || format!("{} is not a valid backup of this program: it is damaged or truncated", path.display());
    let mut file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let covered = length.checked_sub(TRAILER as u64).ok_or_else(damaged)?;
    let mut checksum = ChecksumWriter(Sha256::new());
    io::copy(&mut BufReader::with_capacity(1 << 16, (&file).take(covered)), &mut checksum).map_err(unreadable)?;
    let mut trailer = String::new();
    file.seek(SeekFrom::Start(covered)).and_then(|_| (&file).read_to_string(&mut trailer)).map_err(|_| damaged())?;
    let (expected, json) = trailer.trim_end().split_once(' ').ok_or_else(damaged)?;
    let json: u64 = json.parse().map_err(|_| damaged())?;
    if expected != hex::encode(checksum.0.finalize()) || json > covered {
        return Err(damaged());
    }
    file.seek(SeekFrom::Start(covered - json)).map_err(unreadable)?;
    serde_json::from_reader(file.take(json)).map_err(|_| damaged())
}

struct ChecksumWriter(Sha256);

impl Write for ChecksumWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
