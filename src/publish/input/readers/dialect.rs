//! Owns what a publisher may say about how a file is written.
//! Must not know how the rest is detected.

use serde::Deserialize;

/// How a file is written, as far as the publisher says; the rest is detected.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileDialect {
    /// `csv`, `xlsx`, `ods`, `ndjson`, `json`, `geojson`, `parquet` or `sdmx-csv`.
    pub format: Option<String>,
    /// `utf-8`, `windows-1252`, `utf-16le`, or any other label of the WHATWG encoding standard.
    pub encoding: Option<String>,
    /// What stands between cells, one ASCII character.
    pub delimiter: Option<char>,
    /// What stands around cells, one ASCII character.
    pub quote: Option<char>,
}
