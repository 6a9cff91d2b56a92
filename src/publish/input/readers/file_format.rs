//! Owns the formats of readable files, with the details that their readers need.
//! Must not know how a format is detected or read.

use encoding_rs::Encoding;

/// The format of a file.
#[derive(Clone, Copy, Debug)]
pub enum FileFormat {
    /// Delimited text, such as CSV.
    Delimited(DelimitedText),
    /// A workbook.
    Workbook(WorkbookKind),
    /// NDJSON: one JSON object on each line.
    Lines,
    /// One JSON document.
    Json,
    /// A GeoJSON collection of features.
    GeoJson,
    /// Apache Parquet.
    Parquet,
    /// An SDMX-CSV message.
    SdmxCsv(DelimitedText),
}

/// The kinds of workbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkbookKind {
    /// Office Open XML (XLSX).
    Xlsx,
    /// OpenDocument (ODS).
    Ods,
}

/// The details of a delimited text.
#[derive(Clone, Copy, Debug)]
pub struct DelimitedText {
    /// The encoding.
    pub encoding: &'static Encoding,
    /// The delimiter between cells.
    pub delimiter: u8,
    /// The quotation mark around cells.
    pub quote: u8,
    /// Whether it starts with the UTF-8 byte order mark, as exports for spreadsheets do.
    pub mark: bool,
}
