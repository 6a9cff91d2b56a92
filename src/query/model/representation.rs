//! Owns the list of representations: their names, media types and file extensions, and which datasets they suit.
//! Must not know how any of them is written.

use super::dataset::{Dataset, Shape};

/// A form in which rows are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Representation {
    /// A page of rows in an envelope.
    Json,
    /// RFC 4180.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// RFC 7946: one feature a row.
    GeoJson,
    /// JSON-stat 2.0: a cube of observations.
    JsonStat,
    /// SDMX-CSV 2.0.
    SdmxCsv,
    /// SCDL « subventions » 2.1.1.
    Scdl,
    /// Apache Parquet.
    Parquet,
    /// Office Open XML workbook.
    Xlsx,
}

impl Representation {
    /// Every representation, the default first.
    pub const ALL: [Self; 9] = [
        Self::Json,
        Self::Csv,
        Self::Ndjson,
        Self::GeoJson,
        Self::JsonStat,
        Self::SdmxCsv,
        Self::Scdl,
        Self::Parquet,
        Self::Xlsx,
    ];

    /// Its name, as `format` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::GeoJson => "geojson",
            Self::JsonStat => "json-stat",
            Self::SdmxCsv => "sdmx-csv",
            Self::Scdl => "scdl",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
        }
    }

    /// Its media type, without parameters: what `Accept` is compared with.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv | Self::Scdl => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::GeoJson => "application/geo+json",
            Self::JsonStat => "application/vnd.json-stat+json",
            Self::SdmxCsv => "application/vnd.sdmx.data+csv",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// Its media type with parameters, as `Content-Type` says it.
    pub fn content_type(self) -> String {
        let parameters = match self {
            Self::Csv | Self::Scdl => "; charset=utf-8; header=present",
            Self::SdmxCsv => "; version=2.0.0; charset=utf-8",
            Self::Parquet | Self::Xlsx => "",
            _ => "; charset=utf-8",
        };
        format!("{}{parameters}", self.media_type())
    }

    /// The extension of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Json | Self::JsonStat => "json",
            Self::Csv | Self::SdmxCsv | Self::Scdl => "csv",
            Self::Ndjson => "ndjson",
            Self::GeoJson => "geojson",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
        }
    }

    /// Whether rows of a dataset can be given in it.
    pub fn suits(self, dataset: &Dataset) -> bool {
        match self {
            Self::GeoJson => dataset.territory_field().is_some_and(|field| !field.is_list()),
            Self::JsonStat | Self::SdmxCsv => dataset.shape == Shape::Observations,
            Self::Scdl => dataset.shape == Shape::Money,
            _ => true,
        }
    }

    /// Whether it has columns of its own, which `fields` and `labels` cannot change.
    pub fn is_fixed(self) -> bool {
        matches!(self, Self::JsonStat | Self::SdmxCsv | Self::Scdl)
    }

    /// The representations of a dataset, the default first.
    pub fn of(dataset: &'static Dataset) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |representation| representation.suits(dataset))
    }
}
