//! Owns the check of the checksum that this program writes into its Parquet files. A file of another program has none.
//! Must not know what a file holds.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use crate::parquet_checksum::{self, CREATED_BY, FileChecksum};

/// The bytes that are read at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// Whether a file is what was written, as far as it says that this program has made it: then it must have a checksum. It says
/// so twice, since one wrong bit can hide one of the two.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn holds(file: &File, footer: &[u8], created_by: Option<&str>) -> io::Result<bool> {
    let Some(place) = parquet_checksum::place(footer) else {
        return Ok(created_by != Some(CREATED_BY) && !parquet_checksum::is_named(footer));
    };
    let length = file.metadata()?.len();
    // The footer ends with its length and the magic bytes.
    let start = length - 8 - footer.len() as u64 + place.start as u64;
    let end = start + (place.end - place.start) as u64;
    let mut reader = file;
    reader.rewind()?;
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, reader);
    let mut checksum = FileChecksum::default();
    copy(&mut (&mut reader).take(start), &mut checksum)?;
    io::copy(&mut (&mut reader).take(end - start), &mut io::sink())?;
    checksum.update(parquet_checksum::UNKNOWN.as_bytes());
    copy(&mut reader, &mut checksum)?;
    Ok(footer[place] == *checksum.value().as_bytes())
}

fn copy(from: &mut dyn Read, to: &mut FileChecksum) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            read => to.update(&buffer[..read]),
        }
    }
}
