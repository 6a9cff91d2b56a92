//! Owns CSV (RFC 4180): a header row, then one line per row, for programs or for spreadsheets.
//! Must not know how a client asks for either.

use std::io::{self, Write};

use csv_core::{Terminator, WriterBuilder};

use super::{About, RowWriter, list};
use crate::query::{Kind, RowView};

/// Separates the values of a list in a cell, as in published files.
const LIST_SEPARATOR: u8 = b'|';

/// Tells a spreadsheet that the file is UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The options of a CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvDialect {
    /// Separates cells.
    pub delimiter: u8,
    /// The decimal mark of numbers.
    pub decimal: u8,
    /// Whether the file is for a spreadsheet. It then begins with a byte order mark, and an apostrophe stands before texts
    /// that a spreadsheet would evaluate as formulas (OWASP: CSV injection). Otherwise cells are never altered.
    pub spreadsheet: bool,
}

impl CsvDialect {
    /// For programs: RFC 4180.
    pub const PLAIN: Self = Self { delimiter: b',', decimal: b'.', spreadsheet: false };

    /// For spreadsheets in French.
    pub const EXCEL: Self = Self { delimiter: b';', decimal: b',', spreadsheet: true };
}

/// How the cells of a column are written.
#[derive(Clone, Copy)]
enum CellStyle {
    Unchanged,
    Guarded,
    Number { decimal: u8 },
    List { guarded: bool },
}

/// Writes rows as CSV. A null is an empty cell.
pub struct CsvWriter {
    names: Vec<String>,
    forms: Vec<CellStyle>,
    spreadsheet: bool,
    line: Line,
    scratch: Vec<u8>,
}

impl CsvWriter {
    /// A writer of rows with these columns.
    pub fn new(about: &About, dialect: CsvDialect) -> Self {
        Self {
            names: about.columns.iter().map(|column| column.name.to_string()).collect(),
            forms: about
                .columns
                .iter()
                .map(|column| match column.kind {
                    _ if column.is_list() => CellStyle::List { guarded: dialect.spreadsheet },
                    Kind::Decimal if dialect.decimal != b'.' => CellStyle::Number { decimal: dialect.decimal },
                    Kind::Boolean
                    | Kind::Integer { .. }
                    | Kind::Decimal
                    | Kind::Date
                    | Kind::PeriodBound { .. }
                    | Kind::Timestamp => CellStyle::Unchanged,
                    _ if dialect.spreadsheet => CellStyle::Guarded,
                    _ => CellStyle::Unchanged,
                })
                .collect(),
            spreadsheet: dialect.spreadsheet,
            line: Line::new(dialect.delimiter),
            scratch: Vec::new(),
        }
    }
}

impl RowWriter for CsvWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.spreadsheet {
            out.write_all(BYTE_ORDER_MARK)?;
        }
        self.names.iter().for_each(|name| self.line.cell(name.as_bytes()));
        self.line.end(out)
    }

    fn row(&mut self, out: &mut dyn Write, row: RowView<'_>) -> io::Result<()> {
        for (form, cell) in self.forms.iter().zip(row.cells()) {
            let text = cell.unwrap_or_default();
            self.scratch.clear();
            match *form {
                CellStyle::Guarded if is_formula(text.as_bytes()) => {
                    self.scratch.push(b'\'');
                    self.scratch.extend_from_slice(text.as_bytes());
                }
                CellStyle::Unchanged | CellStyle::Guarded => {
                    self.line.cell(text.as_bytes());
                    continue;
                }
                CellStyle::Number { decimal } => {
                    self.scratch.extend(text.bytes().map(|byte| if byte == b'.' { decimal } else { byte }));
                }
                CellStyle::List { guarded } => {
                    list::join(&mut self.scratch, text, LIST_SEPARATOR)?;
                    if guarded && is_formula(&self.scratch) {
                        self.scratch.insert(0, b'\'');
                    }
                }
            }
            self.line.cell(&self.scratch);
        }
        self.line.end(out)
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a spreadsheet can take the text for a formula. Apostrophes at the start are skipped, so that a reader can
/// remove the added one without doubt.
fn is_formula(text: &[u8]) -> bool {
    let first = text.iter().find(|byte| **byte != b'\'');
    matches!(first, Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r'))
}

/// The line of a CSV file that is being written. Its buffer is reused for the next line.
pub(super) struct Line {
    csv: csv_core::Writer,
    bytes: Vec<u8>,
    filled: usize,
    empty: bool,
}

impl Line {
    /// An empty line with this delimiter.
    pub(super) fn new(delimiter: u8) -> Self {
        let csv = WriterBuilder::new().delimiter(delimiter).terminator(Terminator::CRLF).build();
        Self { csv, bytes: Vec::new(), filled: 0, empty: true }
    }

    /// Adds a cell at the end, in quotes if it needs them.
    pub(super) fn cell(&mut self, text: &[u8]) {
        // The worst case: every byte is a quotation mark, which is doubled; quotes and a delimiter come around it.
        self.make_room(2 * text.len() + 3);
        if !self.empty {
            let (_, written) = self.csv.delimiter(&mut self.bytes[self.filled..]);
            self.filled += written;
        }
        self.empty = false;
        let (_, _, written) = self.csv.field(text, &mut self.bytes[self.filled..]);
        self.filled += written;
    }

    /// Writes the line and clears it.
    pub(super) fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        // The quotation marks of a single empty cell, and the end of the line.
        self.make_room(4);
        let (_, written) = self.csv.terminator(&mut self.bytes[self.filled..]);
        out.write_all(&self.bytes[..self.filled + written])?;
        self.filled = 0;
        self.empty = true;
        Ok(())
    }

    fn make_room(&mut self, more: usize) {
        if self.bytes.len() < self.filled + more {
            self.bytes.resize((self.filled + more) * 2, 0);
        }
    }
}
