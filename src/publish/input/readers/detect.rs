//! Owns the scan of a file before it is read as records: its digest, its format, its encoding and its delimiter. The
//! scan reads the whole file, since the last byte can decide the encoding and the digest is checked before any row is
//! published.
//! Must not know the records.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use csv_core::{ReadRecordResult, ReaderBuilder};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use sha2::{Digest, Sha256};

use super::dialect::FileDialect;
use super::error::ReadError;
use super::file_format::{DelimitedText, FileFormat, WorkbookKind};
use super::limits::RECORD_CELLS;
use super::{geojson, parquet, sdmx};
use crate::query::suggest::closest;

/// The bytes at the start of a file that decide its format.
const SAMPLE: usize = 64 * 1024;

/// The size of the input buffer, in bytes.
const CHUNK: usize = 1 << 20;

/// The records that decide the delimiter.
const RECORDS: usize = 20;

/// The delimiters that are detected, the likeliest first.
const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];

const FORMATS: [&str; 8] = ["csv", "xlsx", "ods", "ndjson", "json", "geojson", "parquet", "sdmx-csv"];

/// The first bytes, in any case, of files that are often sent by mistake.
const FOREIGN: [(&[u8], &str); 8] = [
    (&[0xd0, 0xcf, 0x11, 0xe0], "a workbook of Excel 97 to 2003, which is not read; save it as .xlsx"),
    (b"<!doctype html", "a web page, which is not read; was the right address asked?"),
    (b"<html", "a web page, which is not read; was the right address asked?"),
    (b"<?xml", "XML, which is not read"),
    (b"%PDF-", "a PDF, which is not read"),
    (b"\x89PNG", "an image, which is not read"),
    (&[0xff, 0xd8, 0xff], "an image, which is not read"),
    (&[0x1f, 0x8b], "compressed; unpack it first"),
];

/// The result of a scan.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The SHA-256, in hexadecimal.
    pub sha256: String,
    /// The length, in bytes.
    pub bytes: u64,
    /// The format.
    pub written: FileFormat,
}

/// Scans a file: digests it, and detects what the dialect leaves open.
///
/// # Errors
/// Returns an error if the file cannot be read, is empty, or has no readable format.
pub fn scan(path: &Path, dialect: &FileDialect) -> Result<Scan, ReadError> {
    let pass = FileScan::of(path).map_err(|error| ReadError::file(error.to_string()))?;
    let written = match dialect.format.as_deref() {
        _ if pass.bytes == 0 => return Err(ReadError::file("the file is empty")),
        Some("csv") => FileFormat::Delimited(text(&pass, dialect)?),
        Some("xlsx") => FileFormat::Workbook(WorkbookKind::Xlsx),
        Some("ods") => FileFormat::Workbook(WorkbookKind::Ods),
        Some("ndjson") => FileFormat::Lines,
        Some("json") => FileFormat::Json,
        Some("geojson") => FileFormat::GeoJson,
        Some("parquet") => FileFormat::Parquet,
        Some("sdmx-csv") => FileFormat::SdmxCsv(message(&pass, dialect)?),
        Some(other) => {
            let near = closest(other, FORMATS).join(", ");
            return Err(ReadError::file(format!("`{other}` is not a format that can be read; closest: {near}")));
        }
        None => form(&pass, dialect)?,
    };
    Ok(Scan { sha256: pass.sha256, bytes: pass.bytes, written })
}

/// Detects the format by the first bytes.
fn form(pass: &FileScan, dialect: &FileDialect) -> Result<FileFormat, ReadError> {
    let sample = pass.sample.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&pass.sample);
    if sample.starts_with(b"PK\x03\x04") {
        let named = |name: &str| memchr::memmem::find(sample, name.as_bytes()).is_some();
        let ods = named("opendocument.spreadsheet") || (named("content.xml") && !named("xl/"));
        return Ok(FileFormat::Workbook(if ods { WorkbookKind::Ods } else { WorkbookKind::Xlsx }));
    }
    if sample.starts_with(parquet::MAGIC) {
        return Ok(FileFormat::Parquet);
    }
    let start = sample.trim_ascii_start();
    if let Some((_, what)) =
        FOREIGN.iter().find(|(beginning, _)| start.get(..beginning.len()).is_some_and(|own| own.eq_ignore_ascii_case(beginning)))
    {
        return Err(ReadError::file(format!("the file is {what}")));
    }
    match start.first() {
        Some(b'[') => Ok(FileFormat::Json),
        Some(b'{') if memchr::memmem::find(start, geojson::COLLECTION).is_some() => Ok(FileFormat::GeoJson),
        Some(b'{') => {
            let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let whole = serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok();
            let envelope = memchr::memmem::find(&first[..first.len().min(64)], b"\"data\"").is_some();
            Ok(if whole && !envelope { FileFormat::Lines } else { FileFormat::Json })
        }
        _ if sdmx::is_message(start) => Ok(FileFormat::SdmxCsv(message(pass, dialect)?)),
        _ => Ok(FileFormat::Delimited(text(pass, dialect)?)),
    }
}

/// The details of an SDMX-CSV message. Its delimiter is a comma; semicolons within lists would mislead the detection.
fn message(pass: &FileScan, dialect: &FileDialect) -> Result<DelimitedText, ReadError> {
    text(pass, &FileDialect { delimiter: dialect.delimiter.or(Some(',')), ..dialect.clone() })
}

/// The details of a delimited text.
fn text(pass: &FileScan, dialect: &FileDialect) -> Result<DelimitedText, ReadError> {
    let encoding = match &dialect.encoding {
        Some(label) => Encoding::for_label(label.as_bytes())
            .ok_or_else(|| ReadError::file(format!("`{label}` is not an encoding; usual ones: utf-8, windows-1252, utf-16le")))?,
        None => encoding(pass)?,
    };
    let ascii = |name: &str, given: Option<char>, default: Option<u8>| match given {
        None => Ok(default),
        Some(c) if c.is_ascii() && !matches!(c, '\n' | '\r' | '\0') => Ok(u8::try_from(c).ok()),
        Some(c) => Err(ReadError::file(format!("`{c}` cannot be the {name}: that is one ASCII character"))),
    };
    let quote = ascii("quotation mark", dialect.quote, Some(b'"'))?.unwrap_or(b'"');
    let (decoded, ..) = encoding.decode(&pass.sample);
    let delimiter = match ascii("delimiter", dialect.delimiter, None)? {
        Some(delimiter) => delimiter,
        None => delimiter(decoded.as_bytes(), quote),
    };
    let mark = pass.sample.starts_with("\u{feff}".as_bytes());
    Ok(DelimitedText { encoding, delimiter, quote, mark })
}

/// Detects the encoding: by a byte order mark; UTF-8 if the whole file is valid or nearly so; else Windows-1252.
fn encoding(pass: &FileScan) -> Result<&'static Encoding, ReadError> {
    if let Some((encoding, _)) = Encoding::for_bom(&pass.sample) {
        return Ok(encoding);
    }
    let zeros = |odd: usize| pass.sample.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let half = pass.sample.len() / 4;
    match (zeros(0), zeros(1)) {
        (_, low) if low > half => Ok(UTF_16LE),
        (high, _) if high > half => Ok(UTF_16BE),
        _ if pass.wrong == 0 || pass.right > pass.wrong => Ok(UTF_8),
        _ => Ok(WINDOWS_1252),
    }
}

/// Detects the delimiter: it gives the first records the most cells, and the same number in as many as possible.
fn delimiter(sample: &[u8], quote: u8) -> u8 {
    let score = |delimiter: u8| {
        let counts = counts(sample, delimiter, quote);
        let header = counts.iter().copied().max().unwrap_or(0);
        let agreeing = counts.iter().filter(|count| **count == header).count();
        if header > 1 { agreeing * 100 + header } else { 0 }
    };
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}

/// The numbers of cells in the first records.
fn counts(mut sample: &[u8], delimiter: u8, quote: u8) -> Vec<usize> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).quote(quote).build();
    let (mut output, mut ends, mut counts) = (vec![0; sample.len()], vec![0; RECORD_CELLS], Vec::new());
    let (mut bytes, mut cells) = (0, 0);
    while counts.len() < RECORDS {
        let (result, read, written, ended) = reader.read_record(sample, &mut output[bytes..], &mut ends[cells..]);
        sample = &sample[read..];
        match result {
            // The last line may end with the sample; the parser must learn that no input follows.
            ReadRecordResult::InputEmpty => (bytes, cells) = (bytes + written, cells + ended),
            ReadRecordResult::Record => {
                counts.push(cells + ended);
                (bytes, cells) = (0, 0);
            }
            _ => break,
        }
    }
    counts
}

/// The result of reading all bytes of a file once.
struct FileScan {
    sha256: String,
    bytes: u64,
    sample: Vec<u8>,
    /// The numbers of valid multi-byte characters and of invalid bytes, in UTF-8.
    right: u64,
    wrong: u64,
}

impl FileScan {
    fn of(path: &Path) -> io::Result<Self> {
        let (mut file, mut hasher) = (File::open(path)?, Sha256::new());
        let mut pass = Self { sha256: String::new(), bytes: 0, sample: Vec::new(), right: 0, wrong: 0 };
        let (mut buffer, mut kept) = (vec![0; CHUNK], 0);
        loop {
            let read = file.read(&mut buffer[kept..])?;
            hasher.update(&buffer[kept..kept + read]);
            pass.bytes += u64::try_from(read).unwrap_or_default();
            if pass.sample.len() < SAMPLE {
                let more = (SAMPLE - pass.sample.len()).min(read);
                pass.sample.extend_from_slice(&buffer[kept..kept + more]);
            }
            let filled = kept + read;
            kept = pass.count_utf8(&buffer[..filled], read == 0);
            buffer.copy_within(filled - kept..filled, 0);
            if read == 0 {
                break;
            }
        }
        pass.sha256 = hex::encode(hasher.finalize());
        Ok(pass)
    }

    /// Counts valid and invalid UTF-8. Returns the number of bytes at the end that begin an incomplete character.
    fn count_utf8(&mut self, mut bytes: &[u8], last: bool) -> usize {
        let beyond = |text: &[u8]| u64::try_from(text.iter().filter(|byte| **byte >= 0xc0).count()).unwrap_or_default();
        loop {
            match std::str::from_utf8(bytes) {
                Ok(text) => {
                    self.right += beyond(text.as_bytes());
                    return 0;
                }
                Err(error) => {
                    self.right += beyond(&bytes[..error.valid_up_to()]);
                    bytes = &bytes[error.valid_up_to()..];
                    match error.error_len() {
                        None if !last => return bytes.len(),
                        None => {
                            self.wrong += 1;
                            return 0;
                        }
                        Some(length) => {
                            self.wrong += 1;
                            bytes = &bytes[length..];
                        }
                    }
                }
            }
        }
    }
}
