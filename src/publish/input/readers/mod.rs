//! Owns the reading of a file as records of cells, whatever it is written in: text with delimiters, a
//! workbook, JSON, Parquet.
//! Must not know what the cells mean.

mod archive_limits;
pub mod column_letters;
mod delimited;
pub mod detect;
pub mod dialect;
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
use error::Broken;
use file_format::Written;
use sink::Sink;

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
