//! Owns the list of representations: their names, media types, file extensions, and the datasets that have them.
//! Must not know how any of them is written.

use super::dataset::{Dataset, Shape};
use super::field::Field;
use super::format::Format;

/// A format in which rows are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Representation {
    /// A page of rows in an envelope.
    Json,
    /// RFC 4180.
    Csv,
    /// CSV that a French spreadsheet opens as it is: `;`, decimal commas, a byte order mark, no formulas.
    CsvExcel,
    /// One JSON object per line.
    Ndjson,
    /// RFC 7946: one feature per row.
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
    pub const ALL: [Self; 10] = [
        Self::Json,
        Self::Csv,
        Self::CsvExcel,
        Self::Ndjson,
        Self::GeoJson,
        Self::JsonStat,
        Self::SdmxCsv,
        Self::Scdl,
        Self::Parquet,
        Self::Xlsx,
    ];

    /// Its name in the parameter `format`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::CsvExcel => "csv-excel",
            Self::Ndjson => "ndjson",
            Self::GeoJson => "geojson",
            Self::JsonStat => "json-stat",
            Self::SdmxCsv => "sdmx-csv",
            Self::Scdl => "scdl",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
        }
    }

    /// Its media type without parameters, which is compared with `Accept`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv | Self::CsvExcel | Self::Scdl => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::GeoJson => "application/geo+json",
            Self::JsonStat => "application/vnd.json-stat+json",
            Self::SdmxCsv => "application/vnd.sdmx.data+csv",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// Its media type with parameters, for `Content-Type`.
    pub fn content_type(self) -> String {
        let parameters = match self {
            Self::Csv | Self::CsvExcel | Self::Scdl => "; charset=utf-8; header=present",
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
            Self::Csv | Self::CsvExcel | Self::SdmxCsv | Self::Scdl => "csv",
            Self::Ndjson => "ndjson",
            Self::GeoJson => "geojson",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
        }
    }

    /// Whether rows of a dataset can be written in it.
    pub fn suits(self, dataset: &Dataset) -> bool {
        match self {
            Self::GeoJson => dataset.territory_field().is_some_and(|field| !field.is_list()),
            Self::JsonStat | Self::SdmxCsv => dataset.shape == Shape::Observations,
            Self::Scdl => dataset.shape == Shape::Money,
            _ => true,
        }
    }

    /// Whether its columns are fixed, so that `fields` cannot change them.
    pub fn is_fixed(self) -> bool {
        matches!(self, Self::JsonStat | Self::SdmxCsv | Self::Scdl)
    }

    /// Whether it always has the labels of codes.
    pub fn has_labels(self) -> bool {
        matches!(self, Self::JsonStat | Self::Scdl)
    }

    /// Whether people open it as a sheet, in which a column may bear the name of a period.
    pub fn is_spreadsheet(self) -> bool {
        matches!(self, Self::Csv | Self::CsvExcel | Self::Xlsx)
    }

    /// Whether it is a cube, in which each figure has a place of its own.
    pub fn is_cube(self) -> bool {
        matches!(self, Self::JsonStat | Self::SdmxCsv)
    }

    /// Whether it is a table with the columns that the request asks for, and so suits rows of any kind.
    pub fn is_table(self) -> bool {
        !self.is_fixed() && self != Self::GeoJson
    }

    /// Whether it shows a field of the rows that a row refers to: the decimals of an indicator, the symbol of a unit, the numbers of an actor in
    /// the registers of establishments and associations.
    pub fn needs_of_referred(self, field: &Field) -> bool {
        match self {
            Self::JsonStat => matches!(field.name, "decimals" | "symbol"),
            Self::Scdl => matches!(field.format, Some(Format::Siret | Format::Rna)),
            _ => false,
        }
    }

    /// The representations of a dataset, the default first.
    pub fn of(dataset: &'static Dataset) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |representation| representation.suits(dataset))
    }
}
