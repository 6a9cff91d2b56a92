//! Owns the reading of workbooks (XLSX, ODS), cell by cell.
//! Must not know the meaning of the cells.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use calamine::{Data, DataRef, ExcelDateTime, Ods, Reader, Xlsx};

use super::archive_limits::inspect;
use super::column_letters::letters;
use super::double::decimal;
use super::error::ReadError;
use super::file_format::WorkbookKind;
use super::limits::{RECORD_BYTES, RECORD_CELLS};
use super::record::{CellType, Record};
use super::sink::RecordSink;
use crate::query::suggest::closest;

/// The text in place of a formula's missing result.
const UNKNOWN: &str = "#?";

/// Reads the rows of a sheet: the named one, or the first.
///
/// # Errors
/// Returns an error if the file is not a workbook, exceeds a limit, or lacks the sheet.
pub fn read(path: &Path, kind: WorkbookKind, sheet: Option<&str>, sink: &mut dyn RecordSink) -> Result<(), ReadError> {
    inspect(path, kind)?;
    let open = || File::open(path).map(BufReader::new).map_err(|error| ReadError::file(error.to_string()));
    match kind {
        WorkbookKind::Xlsx => read_xlsx(Xlsx::new(open()?).map_err(|error| unreadable(&error))?, sheet, sink),
        WorkbookKind::Ods => read_ods(Ods::new(open()?).map_err(|error| unreadable(&error))?, sheet, sink),
    }
}

fn unreadable(error: &dyn std::error::Error) -> ReadError {
    ReadError::file(format!("the workbook cannot be read: {error}"))
}

/// Chooses the sheet to read.
fn chosen(names: &[String], sheet: Option<&str>) -> Result<String, ReadError> {
    match (sheet, names.first()) {
        (_, None) => Err(ReadError::file("the workbook has no sheet")),
        (None, Some(first)) => Ok(first.clone()),
        (Some(name), _) if names.iter().any(|own| own == name) => Ok(name.to_owned()),
        (Some(name), _) => {
            let near = closest(name, names.iter().map(String::as_str)).join(", ");
            Err(ReadError::file(format!("the workbook has no sheet `{name}`; closest: {near}")))
        }
    }
}

fn read_xlsx(mut book: Xlsx<BufReader<File>>, sheet: Option<&str>, sink: &mut dyn RecordSink) -> Result<(), ReadError> {
    let sheet = chosen(&book.sheet_names(), sheet)?;
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(|error| unreadable(&error))?;
    let (mut record, mut row, mut ahead, mut bytes) = (Record::sparse(), None, Vec::new(), 0);
    loop {
        let cell = cells.next_cell_with_formula_metadata().map_err(|error| unreadable(&error))?;
        let next = cell.as_ref().map(|cell| cell.pos.0);
        if let Some(done) = row
            && next != Some(done)
        {
            fill(&mut record, done, &mut ahead)?;
            bytes = 0;
            if !record.is_blank() && sink.record(&record).is_break() {
                return Ok(());
            }
        }
        let Some(cell) = cell else { return Ok(()) };
        row = next;
        let column = usize::try_from(cell.pos.1).unwrap_or(usize::MAX);
        let (text, form) = match &cell.value {
            DataRef::Empty if cell.formula.is_some() => (UNKNOWN.to_owned(), CellType::Error),
            DataRef::Empty => continue,
            DataRef::String(text) => (text.clone(), CellType::Text),
            DataRef::SharedString(text) => ((*text).to_owned(), CellType::Text),
            DataRef::Int(number) => (number.to_string(), CellType::Number),
            DataRef::Float(number) => (decimal(*number), CellType::Number),
            DataRef::Bool(truth) => (truth.to_string(), CellType::Text),
            DataRef::DateTime(time) => date(time),
            DataRef::DateTimeIso(text) => (iso(text), CellType::Date),
            DataRef::DurationIso(text) => (text.clone(), CellType::Text),
            DataRef::Error(error) => (error.to_string(), CellType::Error),
        };
        bytes += text.len();
        if bytes > RECORD_BYTES || ahead.len() == RECORD_CELLS {
            let detail = format!("the row has more than {} MiB or {RECORD_CELLS} cells", RECORD_BYTES >> 20);
            return Err(ReadError::line(u64::from(cell.pos.0) + 1, detail));
        }
        ahead.push((column, text, form));
    }
}

/// Fills a record with the cells of a row, and empty ones between them.
fn fill(record: &mut Record, row: u32, cells: &mut Vec<(usize, String, CellType)>) -> Result<(), ReadError> {
    let line = u64::from(row) + 1;
    record.begin(line);
    cells.sort_by_key(|(column, ..)| *column);
    for (column, text, form) in cells.drain(..) {
        if column >= RECORD_CELLS || column < record.len() {
            return Err(ReadError::line(line, format!("the cell {} of the row is there twice, or no sheet's", letters(column))));
        }
        while record.len() < column {
            record.push("", CellType::Text);
        }
        record.push(&text, form);
    }
    Ok(())
}

fn read_ods(mut book: Ods<BufReader<File>>, sheet: Option<&str>, sink: &mut dyn RecordSink) -> Result<(), ReadError> {
    let sheet = chosen(&book.sheet_names(), sheet)?;
    let range = book.worksheet_range(&sheet).map_err(|error| unreadable(&error))?;
    let (first_row, first_column) = range.start().unwrap_or_default();
    let mut record = Record::sparse();
    for (row, cells) in (first_row..).zip(range.rows()) {
        record.begin(u64::from(row) + 1);
        (0..first_column).for_each(|_| record.push("", CellType::Text));
        for cell in cells {
            let (text, form) = match cell {
                Data::Empty => (String::new(), CellType::Text),
                Data::String(text) | Data::DurationIso(text) => (text.clone(), CellType::Text),
                Data::Int(number) => (number.to_string(), CellType::Number),
                Data::Float(number) => (decimal(*number), CellType::Number),
                Data::Bool(truth) => (truth.to_string(), CellType::Text),
                Data::DateTime(time) => date(time),
                Data::DateTimeIso(text) => (iso(text), CellType::Date),
                Data::Error(error) => (error.to_string(), CellType::Error),
            };
            record.push(&text, form);
        }
        if !record.is_blank() && sink.record(&record).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// Converts a date to a day, or to a timestamp if it has a time other than midnight.
fn date(time: &ExcelDateTime) -> (String, CellType) {
    if time.is_duration() {
        return (decimal(time.as_f64()), CellType::Number);
    }
    let (year, month, day, hours, minutes, seconds, _) = time.to_ymd_hms_milli();
    (iso(&format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}")), CellType::Date)
}

/// Converts a workbook's timestamp, which has no time zone. Midnight becomes a day.
fn iso(text: &str) -> String {
    match text.split_once('T') {
        Some((day, "00:00:00")) => day.to_owned(),
        Some(_) => format!("{text}Z"),
        None => text.to_owned(),
    }
}
