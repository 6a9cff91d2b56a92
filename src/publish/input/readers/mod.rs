//! Owns the reading of a file as records of cells, whatever it is written in: text with delimiters, a
//! workbook, JSON, Parquet.
//! Must not know what the cells mean.

pub mod archive_limits;
mod delimited;
mod detect;
mod geojson;
mod json;
pub mod json_array;
mod parquet;
mod record;
mod sdmx;
mod workbook;

use std::ops::ControlFlow;
use std::path::Path;

use serde::Deserialize;

pub use super::readers::detect::{Scan, Written, scan};
pub use super::readers::record::{Form, Record};

/// The longest record, in bytes: more than the largest contour, and far less than memory.
pub const RECORD_BYTES: usize = 16 << 20;

/// The most cells of a record, as many as a sheet has columns.
pub const RECORD_CELLS: usize = 16_384;

/// How a file is written, as far as the publisher says; the rest is detected.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialect {
    /// `csv`, `xlsx`, `ods`, `ndjson`, `json`, `geojson`, `parquet` or `sdmx-csv`.
    pub format: Option<String>,
    /// `utf-8`, `windows-1252`, `utf-16le`, or any other label of the WHATWG encoding standard.
    pub encoding: Option<String>,
    /// What stands between cells, one ASCII character.
    pub delimiter: Option<char>,
    /// What stands around cells, one ASCII character.
    pub quote: Option<char>,
}

/// What is wrong with a file as it is written.
#[derive(Debug)]
pub struct Broken {
    /// The line, from 1.
    pub line: Option<u64>,
    /// The cell of the line, from 0.
    pub cell: Option<usize>,
    /// What is wrong, and what would be right.
    pub detail: String,
}

impl Broken {
    /// A file that cannot be read further.
    pub fn file(detail: impl Into<String>) -> Self {
        Self { line: None, cell: None, detail: detail.into() }
    }

    /// A line that cannot be read.
    pub fn line(line: u64, detail: impl Into<String>) -> Self {
        Self { line: Some(line), cell: None, detail: detail.into() }
    }
}

/// What takes the records.
pub trait Sink {
    /// Takes one record; says whether more are wanted.
    fn record(&mut self, record: &Record) -> ControlFlow<()>;

    /// Takes note of what is wrong with one, which is left out.
    fn broken(&mut self, broken: Broken);
}

/// Reads the records of a file, of a workbook those of one sheet (the first when none is named). Records of JSON and
/// Parquet are preceded by one, of line 0, with the names of their members or columns.
///
/// # Errors
/// What keeps the file from being read to its end.
pub fn read(path: &Path, scan: &Scan, sheet: Option<&str>, sink: &mut dyn Sink) -> Result<(), Broken> {
    match &scan.written {
        Written::Delimited(text) => delimited::read(path, text, sink),
        Written::Workbook(kind) => workbook::read(path, *kind, sheet, sink),
        Written::Lines => json::read_lines(path, sink),
        Written::Json => json_array::read_array(path, sink),
        Written::GeoJson => geojson::read(path, sink),
        Written::Parquet => parquet::read(path, sink),
        Written::SdmxCsv(text) => delimited::read(path, text, &mut sdmx::Observations::new(sink)),
    }
}

/// The name of a column of a sheet: A, B … Z, AA … for 0, 1 …
pub fn letters(column: usize) -> String {
    let mut text = String::new();
    let mut left = column + 1;
    while left > 0 {
        left -= 1;
        text.insert(0, char::from(b'A' + u8::try_from(left % 26).unwrap_or_default()));
        left /= 26;
    }
    text
}

/// The column of that name, in capitals.
pub fn column_of(letters: &str) -> Option<usize> {
    let number = letters.bytes().try_fold(0_usize, |number, byte| match byte {
        b'A'..=b'Z' => number.checked_mul(26)?.checked_add(usize::from(byte - b'A') + 1),
        _ => None,
    })?;
    number.checked_sub(1).filter(|column| *column < RECORD_CELLS)
}
