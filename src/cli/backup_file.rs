//! Owns the file of a backup: an archive of `pg_dump` (custom format), as `pg_restore` reads it, followed by a line of
//! JSON that says what it holds and a line with the SHA-256 of all before and the length of the JSON.
//! Must not know where the archive comes from or goes to.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::db::verify::digest::Digest;

/// Length of the last line: 64 hexadecimal digits, a space, 12 digits, a line end.
const SEAL: usize = 78;

/// What a backup says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct Contents {
    /// Version of the program that made it.
    pub program: String,
    /// Major version of the server.
    pub postgres: u32,
    /// When it was begun, RFC 3339.
    pub at: String,
    /// The digest of every release in it.
    pub digests: Vec<Digest>,
}

/// A file under construction, every byte of which is counted in.
pub struct Sealed<'f> {
    file: &'f mut File,
    digest: Sha256,
}

impl<'f> Sealed<'f> {
    /// Begins with an empty file.
    pub fn new(file: &'f mut File) -> Self {
        Self { file, digest: Sha256::new() }
    }

    /// Writes what stands after the archive, and has all of it on disk.
    ///
    /// # Errors
    /// The system's.
    pub fn close(mut self, contents: &Contents) -> io::Result<()> {
        let mut json = serde_json::to_vec(contents)?;
        json.push(b'\n');
        self.write_all(&json)?;
        let seal = format!("{} {:012}\n", hex::encode(self.digest.finalize()), json.len());
        self.file.write_all(seal.as_bytes())?;
        self.file.sync_all()
    }
}

impl Write for Sealed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Reads a backup through and gives what it says of itself.
///
/// # Errors
/// A sentence for the operator: no backup, or a damaged one.
pub fn open(path: &Path) -> Result<Contents, String> {
    let unreadable = |error: io::Error| format!("{} cannot be read: {error}", path.display());
    let damaged = || format!("{} is no whole backup of this program: it is damaged, or was cut short", path.display());
    let mut file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let sealed = length.checked_sub(SEAL as u64).ok_or_else(damaged)?;
    let mut digest = Sha256::new();
    let mut reader = BufReader::with_capacity(1 << 16, (&file).take(sealed));
    io::copy(&mut reader, &mut Hashing(&mut digest)).map_err(unreadable)?;
    let mut seal = String::new();
    file.seek(SeekFrom::Start(sealed)).and_then(|_| (&file).read_to_string(&mut seal)).map_err(|_| damaged())?;
    let (said, json) = seal.trim_end().split_once(' ').ok_or_else(damaged)?;
    let json: u64 = json.parse().map_err(|_| damaged())?;
    if said != hex::encode(digest.finalize()) || json > sealed {
        return Err(damaged());
    }
    file.seek(SeekFrom::Start(sealed - json)).map_err(unreadable)?;
    serde_json::from_reader(file.take(json)).map_err(|_| damaged())
}

struct Hashing<'d>(&'d mut Sha256);

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
