//! Owns the options by which a publisher describes the format of a file.
//! Must not know how the rest is detected.

use serde::{Deserialize, Serialize};

/// The format of a file, as far as the publisher states it. The rest is detected.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileDialect {
    /// `csv`, `xlsx`, `ods`, `ndjson`, `json`, `geojson`, `parquet` or `sdmx-csv`.
    pub format: Option<String>,
    /// `utf-8`, `windows-1252`, `utf-16le`, or any other label of the WHATWG encoding standard.
    pub encoding: Option<String>,
    /// The delimiter between cells, one ASCII character.
    pub delimiter: Option<char>,
    /// The quotation mark around cells, one ASCII character.
    pub quote: Option<char>,
}
