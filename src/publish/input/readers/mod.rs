//! Owns the reading of files as records of cells: delimited text, workbooks, JSON, Parquet.
//! Must not know the meaning of the cells.

mod archive_limits;
pub mod column_letters;
mod delimited;
pub mod detect;
pub mod dialect;
mod double;
pub mod error;
pub mod file_format;
mod geojson;
mod json;
mod json_array;
pub mod limits;
mod parquet;
pub mod record;
mod sdmx;
pub mod sink;
mod workbook;

use std::path::Path;

use detect::Scan;
use error::ReadError;
use file_format::FileFormat;
use sink::RecordSink;

/// Reads the records of a file; of a workbook, those of one sheet (the first by default). JSON and Parquet give a first
/// record, of line 0, with the names of members or columns.
///
/// # Errors
/// Returns an error if the rest of the file cannot be read.
pub fn read(path: &Path, scan: &Scan, sheet: Option<&str>, sink: &mut dyn RecordSink) -> Result<(), ReadError> {
    match &scan.written {
        FileFormat::Delimited(text) => delimited::read(path, text, sink),
        FileFormat::Workbook(kind) => workbook::read(path, *kind, sheet, sink),
        FileFormat::Lines => json::read_lines(path, sink),
        FileFormat::Json => json_array::read_array(path, sink),
        FileFormat::GeoJson => geojson::read(path, sink),
        FileFormat::Parquet => parquet::read(path, sink),
        FileFormat::SdmxCsv(text) => delimited::read(path, text, &mut sdmx::Observations::new(sink)),
    }
}
