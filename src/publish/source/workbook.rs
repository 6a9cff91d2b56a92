//! Owns the reading of workbooks (XLSX, ODS), cell by cell, and their suspicion: a small archive may hold anything.
//! Must not know what the cells mean.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use calamine::{Data, DataRef, ExcelDateTime, Ods, Reader, Xlsx};
use zip::ZipArchive;

use super::detect::Workbook;
use super::{Broken, Form, RECORD_CELLS, Record, Sink, letters};
use crate::query::closest::closest;

/// The most bytes that the parts of a workbook may unpack to, together: about a million and a half rows.
const UNPACKED: u64 = 1 << 30;

/// The most bytes of the parts that are held in memory: the texts of XLSX, everything of ODS.
const HELD: u64 = 256 << 20;

/// The most bytes of XML without a tag: a cell has at most 32,767 characters.
const UNTAGGED: usize = 1 << 20;

/// What stands for the result of a formula that the file does not have.
const UNKNOWN: &str = "#?";

/// The most cells of an ODS sheet, which is held in memory.
const ODS_CELLS: usize = 20_000_000;

/// Reads the rows of a sheet: the first, or the one that is named.
///
/// # Errors
/// When the file is no workbook, unpacks to too much, or has no such sheet.
pub fn read(path: &Path, kind: Workbook, sheet: Option<&str>, sink: &mut dyn Sink) -> Result<(), Broken> {
    inspect(path, kind)?;
    let open = || File::open(path).map(BufReader::new).map_err(|error| Broken::file(error.to_string()));
    match kind {
        Workbook::Xlsx => read_xlsx(Xlsx::new(open()?).map_err(|error| unreadable(&error))?, sheet, sink),
        Workbook::Ods => read_ods(Ods::new(open()?).map_err(|error| unreadable(&error))?, sheet, sink),
    }
}

fn unreadable(error: &dyn std::error::Error) -> Broken {
    Broken::file(format!("the workbook cannot be read: {error}"))
}

/// Unpacks everything once, keeping nothing, so that what the archive says of itself need not be believed.
fn inspect(path: &Path, kind: Workbook) -> Result<(), Broken> {
    let file = File::open(path).map_err(|error| Broken::file(error.to_string()))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| unreadable(&error))?;
    let (mut unpacked, mut held, mut buffer) = (0, 0, vec![0; 64 * 1024]);
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|error| unreadable(&error))?;
        let name = part.name().map_err(|error| unreadable(&error))?.into_owned();
        let in_memory = kind == Workbook::Ods || !name.contains("worksheets/");
        let (xml, mut untagged) = (name.ends_with(".xml") || name.ends_with(".rels"), 0);
        loop {
            let read = part.read(&mut buffer).map_err(|error| unreadable(&error))?;
            if read == 0 {
                break;
            }
            let bytes = u64::try_from(read).unwrap_or(u64::MAX);
            unpacked += bytes;
            held += if in_memory && xml { bytes } else { 0 };
            if xml {
                untagged = match memchr::memrchr(b'<', &buffer[..read]) {
                    Some(tag) => read - tag,
                    None => untagged + read,
                };
            }
            if unpacked > UNPACKED || held > HELD || untagged > UNTAGGED {
                let detail = format!(
                    "its part `{}` unpacks to more than a workbook of data does ({} MiB in all, {} MiB of texts, 1 MiB in one cell)",
                    crate::problem::echo(&name),
                    UNPACKED >> 20,
                    HELD >> 20
                );
                return Err(Broken::file(detail));
            }
        }
    }
    Ok(())
}

/// The sheet to read, among those that there are.
fn chosen(names: &[String], sheet: Option<&str>) -> Result<String, Broken> {
    match (sheet, names.first()) {
        (_, None) => Err(Broken::file("the workbook has no sheet")),
        (None, Some(first)) => Ok(first.clone()),
        (Some(name), _) if names.iter().any(|own| own == name) => Ok(name.to_owned()),
        (Some(name), _) => {
            let near = closest(name, names.iter().map(String::as_str)).join(", ");
            Err(Broken::file(format!("the workbook has no sheet `{name}`; closest: {near}")))
        }
    }
}

fn read_xlsx(mut book: Xlsx<BufReader<File>>, sheet: Option<&str>, sink: &mut dyn Sink) -> Result<(), Broken> {
    let sheet = chosen(&book.sheet_names(), sheet)?;
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(|error| unreadable(&error))?;
    let (mut record, mut row, mut ahead) = (Record::sparse(), None, Vec::new());
    loop {
        let cell = cells.next_cell_with_formula_metadata().map_err(|error| unreadable(&error))?;
        let next = cell.as_ref().map(|cell| cell.pos.0);
        if let Some(done) = row
            && next != Some(done)
        {
            fill(&mut record, done, &mut ahead)?;
            if !record.is_blank() && sink.record(&record).is_break() {
                return Ok(());
            }
        }
        let Some(cell) = cell else { return Ok(()) };
        row = next;
        let column = usize::try_from(cell.pos.1).unwrap_or(usize::MAX);
        let (text, form) = match &cell.value {
            DataRef::Empty if cell.formula.is_some() => (UNKNOWN.to_owned(), Form::Error),
            DataRef::Empty => continue,
            DataRef::String(text) => (text.clone(), Form::Text),
            DataRef::SharedString(text) => ((*text).to_owned(), Form::Text),
            DataRef::Int(number) => (number.to_string(), Form::Number),
            DataRef::Float(number) => (number.to_string(), Form::Number),
            DataRef::Bool(truth) => (truth.to_string(), Form::Text),
            DataRef::DateTime(time) => date(time),
            DataRef::DateTimeIso(text) => (iso(text), Form::Date),
            DataRef::DurationIso(text) => (text.clone(), Form::Text),
            DataRef::Error(error) => (error.to_string(), Form::Error),
        };
        ahead.push((column, text, form));
    }
}

/// Makes a record of the cells of a row, with empty ones between them.
fn fill(record: &mut Record, row: u32, cells: &mut Vec<(usize, String, Form)>) -> Result<(), Broken> {
    let line = u64::from(row) + 1;
    record.begin(line);
    cells.sort_by_key(|(column, ..)| *column);
    for (column, text, form) in cells.drain(..) {
        if column >= RECORD_CELLS || column < record.len() {
            return Err(Broken::line(line, format!("the cell {} of the row is there twice, or no sheet's", letters(column))));
        }
        while record.len() < column {
            record.push("", Form::Text);
        }
        record.push(&text, form);
    }
    Ok(())
}

fn read_ods(mut book: Ods<BufReader<File>>, sheet: Option<&str>, sink: &mut dyn Sink) -> Result<(), Broken> {
    let sheet = chosen(&book.sheet_names(), sheet)?;
    let range = book.worksheet_range(&sheet).map_err(|error| unreadable(&error))?;
    let (first_row, first_column) = range.start().unwrap_or_default();
    if range.get_size().0.saturating_mul(range.get_size().1) > ODS_CELLS {
        return Err(Broken::file(format!("the sheet has more than {ODS_CELLS} cells")));
    }
    let mut record = Record::sparse();
    for (row, cells) in (first_row..).zip(range.rows()) {
        record.begin(u64::from(row) + 1);
        (0..first_column).for_each(|_| record.push("", Form::Text));
        for cell in cells {
            let (text, form) = match cell {
                Data::Empty => (String::new(), Form::Text),
                Data::String(text) | Data::DurationIso(text) => (text.clone(), Form::Text),
                Data::Int(number) => (number.to_string(), Form::Number),
                Data::Float(number) => (number.to_string(), Form::Number),
                Data::Bool(truth) => (truth.to_string(), Form::Text),
                Data::DateTime(time) => date(time),
                Data::DateTimeIso(text) => (iso(text), Form::Date),
                Data::Error(error) => (error.to_string(), Form::Error),
            };
            record.push(&text, form);
        }
        if !record.is_blank() && sink.record(&record).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// A day, or an instant when it is not midnight.
fn date(time: &ExcelDateTime) -> (String, Form) {
    if time.is_duration() {
        return (time.as_f64().to_string(), Form::Number);
    }
    let (year, month, day, hours, minutes, seconds, _) = time.to_ymd_hms_milli();
    (iso(&format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}")), Form::Date)
}

/// An instant of a workbook, which knows no time zone; midnight is a day.
fn iso(text: &str) -> String {
    match text.split_once('T') {
        Some((day, "00:00:00")) => day.to_owned(),
        Some(_) => format!("{text}Z"),
        None => text.to_owned(),
    }
}
