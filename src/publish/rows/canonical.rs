//! Owns the reading of canonical files, whose headers have the names of a dataset's fields, as in every export.
//! Must not know the format of the file, nor the checks that need all rows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chrono::{Days, NaiveDate};

use super::cell;
use super::copy_writer::{CopyWriter, FileOrigin};
use crate::problem::{Fault, Reason};
use crate::publish::input::readers::error::ReadError;
use crate::publish::input::readers::file_format::FileFormat;
use crate::publish::input::readers::record::{CellType, Record};
use crate::publish::input::readers::sink::RecordSink;
use crate::query::model::period;
use crate::query::suggest::closest;
use crate::query::{Dataset, Field, FieldOrigin, Kind};

/// The source of the values of a table column.
enum ColumnSource {
    Cell(usize),
    Constant(Option<String>),
    PeriodBound { cell: usize, end: bool },
    Empty,
}

/// Reads the records of a canonical file.
pub struct CanonicalReader<'a> {
    output: &'a mut CopyWriter,
    origin: (usize, &'a FileOrigin),
    constants: &'a BTreeMap<String, String>,
    columns: Option<Vec<(&'static Field, ColumnSource)>>,
    width: usize,
    dialect: CellSyntax,
}

/// The conventions of a file format for the text of cells.
#[derive(Clone, Copy, Default)]
pub struct CellSyntax {
    /// The decimal separator may be a comma, since the delimiter is another character.
    comma: bool,
    /// Texts that look like formulas start with an apostrophe, as in exports for spreadsheets.
    guarded: bool,
}

impl CellSyntax {
    /// The conventions of a file format.
    pub fn of(written: &FileFormat) -> Self {
        match written {
            FileFormat::Delimited(text) => Self { comma: text.delimiter != b',', guarded: text.mark },
            _ => Self::default(),
        }
    }
}

impl<'a> CanonicalReader<'a> {
    /// Makes a reader whose rows go to `output`.
    pub fn new(
        output: &'a mut CopyWriter,
        origin: (usize, &'a FileOrigin),
        constants: &'a BTreeMap<String, String>,
        dialect: CellSyntax,
    ) -> Self {
        Self { output, origin, constants, columns: None, width: 0, dialect }
    }

    /// Whether the file has a header.
    pub fn has_header(&self) -> bool {
        self.columns.is_some()
    }

    fn row(&mut self, record: &Record, columns: &[(&'static Field, ColumnSource)]) {
        let (at, origin) = self.origin;
        self.output.warn_of_replacement_characters(origin, record);
        for (field, way) in columns {
            let (text, given) = match way {
                ColumnSource::Empty => (None, None),
                ColumnSource::Constant(text) => {
                    self.output.write(text.as_deref());
                    continue;
                }
                ColumnSource::PeriodBound { cell, end } => {
                    self.output.write(period_bound(record.text(*cell), *end).as_deref());
                    continue;
                }
                ColumnSource::Cell(cell) => match self.text(field, record, *cell) {
                    Ok(text) => (text, Some(record.text(*cell))),
                    Err(why) => {
                        self.output.write(None);
                        let fault = origin.fault(Reason::WrongType, record.line, field.name, record.text(*cell), why);
                        self.output.faults.push(fault);
                        continue;
                    }
                },
            };
            match cell::check(self.output.dataset, field, text.as_deref()) {
                Ok(value) => self.output.write(value.as_deref()),
                Err(why) => {
                    // The fault will stop the publication; the columns must stay aligned.
                    self.output.write(None);
                    let place = (record.line, field.name.to_owned(), given.unwrap_or_default());
                    self.output.faults.push(origin.value_fault(field, text.as_deref().unwrap_or_default(), place, why));
                }
            }
        }
        self.output.end_row(at, record.line, None);
    }

    /// The canonical text of a cell.
    fn text<'r>(&self, field: &Field, record: &'r Record, cell: usize) -> Result<Option<Cow<'r, str>>, String> {
        let text = record.text(cell);
        if text.is_empty() {
            return Ok(None);
        }
        match (record.form(cell), field.kind) {
            (CellType::Error, _) => Err("is the error of a formula, or a formula without its result".to_owned()),
            (CellType::Json, Kind::Json { .. } | Kind::Boolean) => Ok(Some(text.into())),
            (CellType::Json, _) => Err("is JSON, where a text, a number or a list of texts is needed".to_owned()),
            (CellType::Date, Kind::Date | Kind::Timestamp | Kind::Period | Kind::PeriodBound { .. }) => Ok(Some(text.into())),
            (CellType::Date, _) => Err(format!("is a date, where {} is not", field.name)),
            (CellType::Number, Kind::Integer { .. } | Kind::Decimal | Kind::Period) => Ok(Some(text.into())),
            (CellType::Number, Kind::Date) => day(text).map(|day| Some(day.into())),
            (CellType::Number, Kind::Json { .. }) => Err("is a number".to_owned()),
            (CellType::Number, _) => Err("is a number in the file, where texts are needed: leading zeros may be lost".to_owned()),
            (CellType::Text, Kind::Decimal) if self.dialect.comma && !text.contains('.') => {
                Ok(Some(if text.contains(',') { text.replacen(',', ".", 1).into() } else { text.into() }))
            }
            (CellType::Text, _) if self.dialect.guarded && is_guarded(text) => Ok(Some(text[1..].into())),
            (CellType::Text, _) => Ok(Some(text.into())),
        }
    }

    /// Finds the source of each table column. Returns None if the header is invalid; its faults are added to the
    /// output.
    fn header(&mut self, record: &Record) -> Option<Vec<(&'static Field, ColumnSource)>> {
        let dataset = self.output.dataset;
        let mut wrong = Vec::new();
        let names: Vec<&str> = record.texts().map(str::trim).collect();
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for name in names.iter().copied().chain(self.constants.keys().map(String::as_str)) {
            *times.entry(name).or_default() += 1;
            match times[name] {
                1 => wrong.extend(unknown(dataset, name).map(|detail| (Reason::UnknownField, detail))),
                2 if !name.is_empty() => {
                    wrong.push((Reason::Repeated, format!("the column `{}` is given twice", crate::problem::echo(name))));
                }
                _ => {}
            }
        }
        let position = |name: &str| names.iter().position(|header| *header == name);
        let mut columns = Vec::new();
        for field in dataset.columns() {
            let way = match (field.kind, position(field.name), self.constants.get(field.name)) {
                (Kind::PeriodBound { end }, _, _) => match (position("period"), self.constants.get("period")) {
                    (Some(cell), _) => ColumnSource::PeriodBound { cell, end },
                    (None, Some(text)) => ColumnSource::Constant(period_bound(text, end)),
                    (None, None) => ColumnSource::Empty,
                },
                (_, Some(at), _) => ColumnSource::Cell(at),
                (_, None, Some(text)) => match cell::check(dataset, field, Some(text)) {
                    Ok(text) => ColumnSource::Constant(text.map(Cow::into_owned)),
                    Err(why) => {
                        wrong.push((cell::reason(field, text), format!("the constant `{}` {why}", field.name)));
                        continue;
                    }
                },
                (_, None, None) if field.file_default.is_some() => ColumnSource::Constant(field.file_default.map(str::to_owned)),
                (_, None, None) if field.required => {
                    wrong.push((Reason::Missing, format!("the column `{}` is missing", field.name)));
                    continue;
                }
                (_, None, None) => ColumnSource::Empty,
            };
            columns.push((field, way));
        }
        let right = wrong.is_empty();
        let line = Some(record.line.max(1));
        for (reason, detail) in wrong {
            self.output.faults.push(self.origin.1.file_fault(reason, line, detail));
        }
        self.width = record.len();
        right.then_some(columns)
    }
}

impl RecordSink for CanonicalReader<'_> {
    fn record(&mut self, record: &Record) -> ControlFlow<()> {
        let Some(columns) = self.columns.take() else {
            self.columns = self.header(record);
            return if self.columns.is_some() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        };
        self.output.progress.advance(record.bytes());
        let ragged = match record.has_trailing_cells() {
            true => record.len() != self.width,
            false => record.len() > self.width,
        };
        if ragged {
            let detail = format!("the line has {} cells where the header has {}", record.len(), self.width);
            self.output.faults.push(self.origin.1.file_fault(Reason::WrongWidth, Some(record.line), detail));
        } else {
            self.row(record, &columns);
        }
        self.columns = Some(columns);
        if self.output.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn broken(&mut self, broken: ReadError) {
        let column = broken.cell.and_then(|cell| {
            let named = |way: &ColumnSource| matches!(way, ColumnSource::Cell(at) if *at == cell);
            self.columns.as_ref()?.iter().find(|(_, way)| named(way)).map(|(field, _)| field.name.to_owned())
        });
        self.output.faults.push(Fault { column, ..self.origin.1.file_fault(Reason::Unreadable, broken.line, broken.detail) });
    }
}

/// The fault of an unknown column name. Exports also have computed columns and columns of other datasets, which are
/// skipped.
fn unknown(dataset: &'static Dataset, name: &str) -> Option<String> {
    let given = || dataset.columns().filter(|field| !field.is_computed());
    let repeated = |field: &Field| field.is_computed() || matches!(field.origin, FieldOrigin::Named { .. });
    if given().any(|field| field.name == name) || dataset.field(name).is_some_and(repeated) {
        return None;
    }
    if name.is_empty() {
        return Some("a column has no name".to_owned());
    }
    let near = closest(name, given().map(|field| field.name));
    let meant = near.first().map_or(String::new(), |word| format!("; did you mean `{word}`?"));
    Some(format!("`{}` is not a field of {}{meant}", crate::problem::echo(name), dataset.name))
}

/// The first or last day of a period. An open one has no last day. An invalid period gives None; its own cell has the fault.
fn period_bound(text: &str, end: bool) -> Option<String> {
    period::parse(text).and_then(|p| if end { p.end } else { Some(p.start) }).map(|day| day.to_string())
}

/// Converts the serial number of a day in a workbook, which counts days from 30 December 1899.
fn day(serial: &str) -> Result<String, String> {
    let days = serial.parse::<u64>().ok().filter(|days| (61..3_000_000).contains(days));
    let zero = NaiveDate::from_ymd_opt(1899, 12, 30);
    let day = zero.zip(days).and_then(|(zero, days)| zero.checked_add_days(Days::new(days)));
    day.map(|day| day.to_string()).ok_or_else(|| "is a number that stands for no day".to_owned())
}

/// Whether an export for spreadsheets put an apostrophe before the text. The text may start with apostrophes of its
/// own.
fn is_guarded(text: &str) -> bool {
    text.starts_with('\'') && text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}
