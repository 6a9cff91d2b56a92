//! Owns the writing of rows: one file a representation, all from the same cells.
//! Must not know HTTP or SQL.

use std::io::{self, Write};

use crate::query::{Column, Dataset, Plan, Representation, Row};

pub mod changes;
mod csv;
mod geojson;
pub mod json;
mod jsonstat;
mod list;
mod ndjson;
mod parquet;
mod scdl;
mod sdmx;
mod xlsx;

/// The licence of all that is published: Licence Ouverte 2.0.
pub const LICENCE: &str = "etalab-2.0";

/// What a representation says of the rows besides themselves.
#[derive(Clone, Debug)]
pub struct About {
    /// The dataset of the rows.
    pub dataset: &'static Dataset,
    /// The columns, in order; every row has a cell for each.
    pub columns: Vec<Column>,
    /// The release that the rows are read from.
    pub release: i32,
    /// When it was published, RFC 3339.
    pub published_at: String,
    /// The address of this answer at this release, relative to the server.
    pub pinned: String,
}

impl About {
    /// Where the column of a name stands.
    fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Where a column stands that the representation cannot do without.
    ///
    /// # Errors
    /// Of the kind `InvalidInput`, when there is no such column.
    fn needed(&self, name: &str) -> io::Result<usize> {
        let missing = || io::Error::new(io::ErrorKind::InvalidInput, format!("the rows have no column `{name}`"));
        self.position(name).ok_or_else(missing)
    }
}

/// Writes rows in one representation, in constant memory unless its own documentation says otherwise.
/// The order of calls is `begin`, any number of `row`, `end`; after an error the output is to be thrown away.
pub trait RowWriter: Send {
    /// Writes what stands before the rows.
    ///
    /// # Errors
    /// The output's.
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()>;

    /// Writes one row.
    ///
    /// # Errors
    /// The output's; or what the representation cannot hold.
    fn row(&mut self, out: &mut dyn Write, row: &Row) -> io::Result<()>;

    /// Writes what stands after the rows.
    ///
    /// # Errors
    /// The output's.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()>;
}

/// The writer of a plan's representation.
///
/// # Errors
/// What the representation needs and the columns have not.
pub fn writer(plan: &Plan, about: &About) -> io::Result<Box<dyn RowWriter>> {
    let shown = &plan.presentation;
    let dialect = csv::CsvDialect { delimiter: shown.delimiter, decimal: shown.decimal, spreadsheet: shown.spreadsheet };
    Ok(match shown.representation {
        Representation::Json | Representation::Ndjson => Box::new(ndjson::NdjsonWriter::new(about, shown.trailer)),
        Representation::Csv => Box::new(csv::CsvWriter::new(about, dialect)),
        Representation::GeoJson => Box::new(geojson::GeoJsonWriter::new(about)),
        Representation::JsonStat => Box::new(jsonstat::JsonStatWriter::new(about)?),
        Representation::SdmxCsv => Box::new(sdmx::SdmxWriter::new(about, shown.labels)?),
        Representation::Scdl => Box::new(scdl::ScdlWriter::new(about)?),
        Representation::Parquet => Box::new(parquet::ParquetWriter::new(about)?),
        Representation::Xlsx => Box::new(xlsx::XlsxWriter::new(about)?),
    })
}
