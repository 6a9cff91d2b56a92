//! Owns the formats of files that can be read, with the details that a reader needs.
//! Must not know how a format is detected or read.

use encoding_rs::Encoding;

/// How a file is written.
#[derive(Clone, Copy, Debug)]
pub enum FileFormat {
    /// Text with delimiters.
    Delimited(DelimitedText),
    /// A workbook.
    Workbook(WorkbookKind),
    /// A JSON object a line.
    Lines,
    /// One JSON document.
    Json,
    /// A GeoJSON collection of features.
    GeoJson,
    /// Apache Parquet.
    Parquet,
    /// Text with delimiters that is an SDMX-CSV message.
    SdmxCsv(DelimitedText),
}

/// The kinds of workbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkbookKind {
    /// Office Open XML.
    Xlsx,
    /// OpenDocument.
    Ods,
}

/// How a text is written.
#[derive(Clone, Copy, Debug)]
pub struct DelimitedText {
    /// The encoding.
    pub encoding: &'static Encoding,
    /// What stands between cells.
    pub delimiter: u8,
    /// What stands around cells.
    pub quote: u8,
    /// Whether it is UTF-8 with a byte order mark, as for spreadsheets.
    pub mark: bool,
}
