//! Owns CSV (RFC 4180): a header line, one line a row, columns fixed whatever the rows.
//! Must not know datasets or HTTP.

use std::io::{self, Write};

use super::spill::Spill;
use super::{About, RowWriter, list};
use crate::query::{Column, Kind, Row};

/// The byte order mark by which spreadsheets know UTF-8.
const MARK: &[u8] = "\u{FEFF}".as_bytes();

/// What may differ from RFC 4180.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// Separates cells.
    pub delimiter: u8,
    /// Separates the decimals of a number.
    pub decimal: u8,
    /// Whether the reader is a spreadsheet: a byte order mark, and an apostrophe before texts that it would run.
    pub spreadsheet: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', decimal: b'.', spreadsheet: false }
    }
}

/// Writes CSV.
pub struct CsvWriter {
    columns: Vec<Column>,
    dialect: Dialect,
    writer: csv::Writer<Spill>,
    spill: Spill,
    scratch: String,
}

impl CsvWriter {
    /// A writer of these columns.
    pub fn new(about: &About, dialect: Dialect) -> Self {
        let spill = Spill::default();
        let writer = csv::WriterBuilder::new()
            .delimiter(dialect.delimiter)
            .terminator(csv::Terminator::CRLF)
            .buffer_capacity(32 * 1024)
            .from_writer(spill.clone());
        Self { columns: about.columns.clone(), dialect, writer, spill, scratch: String::new() }
    }
}

/// Whether a spreadsheet would take a text for a formula (OWASP, CSV injection).
fn runs(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

impl RowWriter for CsvWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.dialect.spreadsheet {
            out.write_all(MARK)?;
        }
        self.writer.write_record(self.columns.iter().map(|column| column.name.as_bytes()))?;
        Ok(())
    }

    fn row(&mut self, out: &mut dyn Write, row: &Row) -> io::Result<()> {
        for (column, cell) in self.columns.iter().zip(row.cells()) {
            let text = cell.unwrap_or_default();
            match column.kind {
                Kind::Decimal if self.dialect.decimal != b'.' => {
                    self.scratch.clear();
                    self.scratch.extend(text.chars().map(|c| if c == '.' { char::from(self.dialect.decimal) } else { c }));
                    self.writer.write_field(&self.scratch)?;
                }
                Kind::Decimal | Kind::Integer { .. } | Kind::Date | Kind::PeriodBound { .. } | Kind::Timestamp => {
                    self.writer.write_field(text)?;
                }
                _ => {
                    let guarded = self.dialect.spreadsheet && cell.is_some();
                    if !guarded && !column.is_list() {
                        self.writer.write_field(text)?;
                        continue;
                    }
                    self.scratch.clear();
                    if column.is_list() {
                        list::join(text, &mut self.scratch);
                    } else {
                        self.scratch.push_str(text);
                    }
                    if guarded && runs(&self.scratch) {
                        self.scratch.insert(0, '\'');
                    }
                    self.writer.write_field(&self.scratch)?;
                }
            }
        }
        self.writer.write_record(None::<&[u8]>)?;
        self.spill.drain(out)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.writer.flush()?;
        self.spill.drain(out)
    }
}
