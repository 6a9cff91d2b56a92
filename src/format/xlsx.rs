//! Owns the Excel workbook: one sheet with the rows, and one with their metadata.
//! Must not know HTTP, SQL or any one dataset.

use std::collections::BTreeSet;
use std::io::{self, Seek, SeekFrom, Write};

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Timelike};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::{About, RowWriter, TemporarySpace};
use crate::query::model::period;
use crate::query::model::value::{SIGNIFICANT_DIGITS, significant_digits};
use crate::query::{Column, Kind, RowView};

/// The most rows of a sheet below its header.
const ROWS: u32 = 1_048_575;

/// The longest text of a cell, in UTF-16 units as Excel counts.
const TEXT_LENGTH: usize = 32_767;

/// The longest name of a sheet, in UTF-16 units.
const NAME_LENGTH: usize = 31;

/// An upper bound for the XML of a cell besides its text, in bytes.
const CELL_BYTES: usize = 64;

/// How many bytes of temporary files are asked for at once.
const SPACE_BYTES: u64 = 1 << 20;

/// Sheets above this size are written as ZIP64, since escapes can make a character seven bytes long and a plain archive
/// ends at 4 GiB. Below, programs without ZIP64 can read the workbook too.
const PLAIN_BYTES: usize = 512 << 20;

/// The most sources that the second sheet lists.
const SOURCES: usize = 50;

/// Writes a workbook: the rows in temporary files, compressed into `out` at the end, so that memory stays constant.
///
/// Numbers, days and booleans are Excel's, except those that it cannot hold: numbers of more than 15 significant digits and
/// days before March 1900 are text. All else is text, never a number or a formula; lists are joined by `|`. Missing
/// values and empty texts both leave their cell empty. A text that is longer than a cell, or more rows than a sheet
/// has, are errors.
///
/// # Panics
/// `row` and `end` panic if a temporary file cannot be written. The library offers nothing else.
pub struct XlsxWriter {
    about: About,
    workbook: Workbook,
    rows: u32,
    bytes: usize,
    source: Option<usize>,
    sources: BTreeSet<String>,
    space: Reckoned,
}

/// The temporary files of a workbook, in steps of [`SPACE_BYTES`].
struct Reckoned {
    space: Box<dyn TemporarySpace>,
    taken: u64,
}

impl Reckoned {
    /// Takes what is missing up to a number of bytes in all.
    fn reach(&mut self, bytes: u64) -> io::Result<()> {
        if let Some(missing) = bytes.checked_sub(self.taken).filter(|missing| *missing > 0) {
            let step = missing.next_multiple_of(SPACE_BYTES);
            self.space.take(step)?;
            self.taken += step;
        }
        Ok(())
    }
}

/// The finished workbook, which is reckoned like the sheets that it is made from.
struct ReckonedFile<'s, F> {
    file: F,
    space: &'s mut Reckoned,
    /// The bytes of the sheets and of the file.
    bytes: u64,
}

impl<F: Write> Write for ReckonedFile<'_, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len() as u64;
        self.space.reach(self.bytes)?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl<F: Seek> Seek for ReckonedFile<'_, F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl XlsxWriter {
    /// A writer for rows of these columns.
    ///
    /// # Errors
    /// Returns an error if a temporary file cannot be made, or if `published_at` is not RFC 3339.
    pub fn new(about: &About, space: Box<dyn TemporarySpace>) -> io::Result<Self> {
        let published = DateTime::parse_from_rfc3339(&about.published_at).map_err(invalid)?.to_utc();
        let created = published.to_rfc3339_opts(SecondsFormat::Secs, true);
        let created = ExcelDateTime::parse_from_str(&created).map_err(fault)?;
        let mut workbook = Workbook::new();
        // Without a creation date the library writes the current time, and equal rows would give different bytes.
        workbook.set_properties(&DocProperties::new().set_title(about.dataset.title).set_creation_datetime(&created));
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(fault)?;
        header(sheet, about).map_err(fault)?;
        let source = about.position("source_label").or_else(|| about.position("source_code"));
        let space = Reckoned { space, taken: 0 };
        Ok(Self { about: about.clone(), workbook, rows: 0, bytes: 0, source, sources: BTreeSet::new(), space })
    }

    /// Adds the sheet with the metadata.
    fn add_about(&mut self) -> Result<(), XlsxError> {
        let About { dataset, release, published_at, pinned, licences, .. } = &self.about;
        let lines = [
            ("Jeu de données", dataset.title.to_owned()),
            ("Description", dataset.description.to_owned()),
            ("Publication", release.to_string()),
            ("Publiée le", published_at.clone()),
            ("Licences", licences.join(" ; ")),
            ("Adresse", pinned.clone()),
            ("Lignes", self.rows.to_string()),
            ("Sources", self.sources.iter().cloned().collect::<Vec<_>>().join(" ; ")),
        ];
        let sheet = self.workbook.add_worksheet().set_name("À propos")?;
        sheet.set_column_width(0, 18)?.set_column_width(1, 90)?;
        let bold = Format::new().set_bold();
        for (row, (name, text)) in (0..).zip(lines) {
            sheet.write_string_with_format(row, 0, name, &bold)?.write_string(row, 1, text)?;
        }
        Ok(())
    }
}

impl RowWriter for XlsxWriter {
    fn begin(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, _: &mut dyn Write, row: RowView<'_>) -> io::Result<()> {
        if self.rows == ROWS {
            return Err(invalid(format!("a sheet has room for {ROWS} rows")));
        }
        self.rows += 1;
        self.space.reach(self.bytes as u64)?;
        if let Some(source) = self.source.and_then(|at| row.cell(at)).filter(|_| self.sources.len() < SOURCES)
            && !self.sources.contains(source)
        {
            self.sources.insert(source.to_owned());
        }
        let sheet = self.workbook.worksheet_from_index(0).map_err(fault)?;
        for (at, (column, cell)) in (0..).zip(self.about.columns.iter().zip(row.cells())) {
            if let Some(text) = cell {
                self.bytes += CELL_BYTES + text.len();
                write(sheet, self.rows, at, column, text)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.add_about().map_err(fault)?;
        self.workbook.use_zip_large_file(self.bytes > PLAIN_BYTES);
        // The library needs an output that is `Send`; `out` may not be.
        let sheets = self.bytes as u64;
        let mut file = ReckonedFile { file: tempfile::tempfile()?, space: &mut self.space, bytes: sheets };
        self.workbook.save_to_writer(&mut file).map_err(fault)?;
        let mut file = file.file;
        // The client may take long to read the workbook; nobody needs the sheets for that.
        self.workbook = Workbook::new();
        self.space.space.give_back(sheets);
        file.rewind()?;
        io::copy(&mut file, out).map(drop)
    }
}

/// Writes the header row, and sets the width and format of each column.
fn header(sheet: &mut Worksheet, about: &About) -> Result<(), XlsxError> {
    sheet.set_name(sheet_name(about.dataset.title))?.set_freeze_panes(1, 0)?;
    let bold = Format::new().set_bold();
    for (at, column) in (0..).zip(&about.columns) {
        // A format of the column costs nothing per cell.
        let (format, width) = match column.kind {
            Kind::Date | Kind::PeriodBound { .. } => (Some("yyyy-mm-dd"), 11),
            Kind::Timestamp => (Some("yyyy-mm-dd hh:mm:ss"), 19),
            Kind::Boolean | Kind::Integer { .. } | Kind::Decimal => (None, 12),
            _ => (None, 20),
        };
        if let Some(format) = format {
            sheet.set_column_format(at, &Format::new().set_num_format(format))?;
        }
        let width = width.max(u32::try_from(column.name.len()).unwrap_or(u32::MAX).min(40) + 2);
        sheet.set_column_width(at, width)?.write_string_with_format(0, at, &*column.name, &bold)?;
    }
    Ok(())
}

fn write(sheet: &mut Worksheet, row: u32, at: u16, column: &Column, text: &str) -> io::Result<()> {
    let number = match column.kind {
        Kind::Integer { .. } | Kind::Decimal => number(text),
        Kind::Date | Kind::PeriodBound { .. } => period::day(text).and_then(|day| serial(day.into())),
        Kind::Timestamp => DateTime::parse_from_rfc3339(text).ok().and_then(|time| serial(time.naive_utc())),
        _ => None,
    };
    let written = match number {
        Some(number) => sheet.write_number(row, at, number),
        None if matches!(column.kind, Kind::Boolean) => sheet.write_boolean(row, at, text == "true"),
        None => {
            let joined = if column.is_list() { Some(join(column, text)?) } else { None };
            let text = joined.as_deref().unwrap_or(text);
            if text.encode_utf16().count() > TEXT_LENGTH {
                return Err(invalid(format!("column {}: a cell has room for {TEXT_LENGTH} characters", column.name)));
            }
            sheet.write_string(row, at, text)
        }
    };
    written.map(drop).map_err(fault)
}

/// The number, if Excel keeps all its digits.
fn number(text: &str) -> Option<f64> {
    (significant_digits(text) <= SIGNIFICANT_DIGITS).then(|| text.parse().ok())?
}

/// The serial number of a date in Excel. `None` before March 1900, since Excel counts a 29 February 1900.
fn serial(time: NaiveDateTime) -> Option<f64> {
    let zero = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    let days = i32::try_from(time.date().signed_duration_since(zero).num_days()).ok().filter(|days| *days >= 61)?;
    let part = f64::from(time.num_seconds_from_midnight()) + f64::from(time.nanosecond()) / 1e9;
    Some(f64::from(days) + part / 86_400.0)
}

fn join(column: &Column, text: &str) -> io::Result<String> {
    let items: Vec<Option<String>> =
        serde_json::from_str(text).map_err(|_| invalid(format!("column {}: {text} is no list of texts", column.name)))?;
    Ok(items.iter().map(|item| item.as_deref().unwrap_or_default()).collect::<Vec<_>>().join("|"))
}

/// A title as the name of a sheet: short, and without the characters that Excel forbids.
fn sheet_name(title: &str) -> String {
    let mut left = NAME_LENGTH;
    let plain = title.chars().map(|c| if "[]:*?/\\".contains(c) || c.is_control() { ' ' } else { c });
    let short: String = plain.take_while(|c| left.checked_sub(c.len_utf16()).map(|rest| left = rest).is_some()).collect();
    short.trim_matches([' ', '\'']).to_owned()
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

fn fault(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        error => io::Error::other(error),
    }
}
