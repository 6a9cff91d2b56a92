//! Owns the writing of rows, with one file per representation. All are written from the same cells.
//! Must not know HTTP or SQL.

use std::io::{self, Write};
use std::sync::Arc;

use crate::query::{Column, Dataset, Plan, Representation, RowView};

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

/// The metadata of an answer that representations contain besides the rows.
#[derive(Clone, Debug)]
pub struct About {
    /// The dataset of the rows.
    pub dataset: &'static Dataset,
    /// The columns, in order. Every row has a cell for each.
    pub columns: Vec<Column>,
    /// The release that the rows are read from.
    pub release: i32,
    /// When it was published, RFC 3339.
    pub published_at: String,
    /// The address of this answer at this release, without scheme and host.
    pub pinned: String,
    /// The licences of the data, in the words of their sources.
    pub licences: Arc<[String]>,
}

impl About {
    /// The position of the column with this name.
    fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The position of a column that the representation needs.
    ///
    /// # Errors
    /// Returns an error of the kind `InvalidInput` if there is no such column.
    fn required(&self, name: &str) -> io::Result<usize> {
        let missing = || io::Error::new(io::ErrorKind::InvalidInput, format!("the rows have no column `{name}`"));
        self.position(name).ok_or_else(missing)
    }
}

/// Writes rows in one representation, in constant memory unless the writer's documentation says otherwise.
/// The caller calls `begin`, any number of `row`, then `end`. After an error the output is invalid.
pub trait RowWriter: Send {
    /// Writes what comes before the rows.
    ///
    /// # Errors
    /// Returns an error if the output does.
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()>;

    /// Writes one row.
    ///
    /// # Errors
    /// Returns an error if the output does, or if the representation cannot hold a value.
    fn row(&mut self, out: &mut dyn Write, row: RowView<'_>) -> io::Result<()>;

    /// Writes what comes after the rows.
    ///
    /// # Errors
    /// Returns an error if the output does.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()>;
}

/// The temporary files of one writer, which it reports before it fills them.
pub trait TemporarySpace: Send {
    /// Takes room for bytes. It may block the thread.
    ///
    /// # Errors
    /// Returns an error if the writer may not have them; the writer then ends with this error.
    fn take(&mut self, bytes: u64) -> io::Result<()>;

    /// Gives room for bytes back. A drop gives back the rest.
    fn give_back(&mut self, bytes: u64);
}

/// Temporary files without a limit, for rows whose number is limited.
pub struct AnySpace;

impl TemporarySpace for AnySpace {
    fn take(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn give_back(&mut self, _: u64) {}
}

/// The writer of a plan's representation. Workbooks need temporary files.
///
/// # Errors
/// Returns an error if the representation needs a column that is missing.
pub fn writer(plan: &Plan, about: &About, space: Box<dyn TemporarySpace>) -> io::Result<Box<dyn RowWriter>> {
    let shown = &plan.presentation;
    Ok(match shown.representation {
        Representation::Json | Representation::Ndjson => Box::new(ndjson::NdjsonWriter::new(about)),
        Representation::Csv => Box::new(csv::CsvWriter::new(about, csv::CsvDialect::PLAIN)),
        Representation::CsvExcel => Box::new(csv::CsvWriter::new(about, csv::CsvDialect::EXCEL)),
        Representation::GeoJson => Box::new(geojson::GeoJsonWriter::new(about)),
        Representation::JsonStat => Box::new(jsonstat::JsonStatWriter::new(about)?),
        Representation::SdmxCsv => Box::new(sdmx::SdmxWriter::new(about, shown.labels)?),
        Representation::Scdl => Box::new(scdl::ScdlWriter::new(about)?),
        Representation::Parquet => Box::new(parquet::ParquetWriter::new(about)?),
        Representation::Xlsx => Box::new(xlsx::XlsxWriter::new(about, space)?),
    })
}
