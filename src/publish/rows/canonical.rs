//! Owns the reading of canonical files: their headers are the names of a dataset's fields, as in every export.
//! Must not know how the file is written, nor what is checked across rows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chrono::{Days, NaiveDate};

use super::cell;
use super::copy_writer::{Origin, Output};
use crate::publish::errors::FileFault;
use crate::publish::input::readers::{Broken, Form, Record, Sink, Written};
use crate::query::model::period;
use crate::query::suggest::closest;
use crate::query::{Dataset, Field, FieldOrigin, Kind};

/// Where the values of a column come from.
enum Way {
    Cell(usize),
    Constant(Option<String>),
    PeriodBound { cell: usize, end: bool },
    Empty,
}

/// Reads the records of a canonical file.
pub struct Canonical<'a> {
    output: &'a mut Output,
    origin: (usize, &'a Origin),
    constants: &'a BTreeMap<String, String>,
    columns: Option<Vec<(&'static Field, Way)>>,
    width: usize,
    dialect: Reading,
}

/// What the way in which a file is written means for its cells.
#[derive(Clone, Copy, Default)]
pub struct Reading {
    /// A comma may stand for the decimal point: the file's delimiter is another.
    comma: bool,
    /// Texts like formulas begin with an apostrophe, as in exports for spreadsheets.
    guarded: bool,
}

impl Reading {
    /// What follows from the way a file is written.
    pub fn of(written: &Written) -> Self {
        match written {
            Written::Delimited(text) => Self { comma: text.delimiter != b',', guarded: text.mark },
            _ => Self::default(),
        }
    }
}

impl<'a> Canonical<'a> {
    /// A reader whose rows go to `output`.
    pub fn new(
        output: &'a mut Output,
        origin: (usize, &'a Origin),
        constants: &'a BTreeMap<String, String>,
        dialect: Reading,
    ) -> Self {
        Self { output, origin, constants, columns: None, width: 0, dialect }
    }

    /// Whether there was a header.
    pub fn has_header(&self) -> bool {
        self.columns.is_some()
    }

    fn row(&mut self, record: &Record, columns: &[(&'static Field, Way)]) {
        let (at, origin) = self.origin;
        self.output.warn_of_destroyed(origin, record);
        for (field, way) in columns {
            let (text, given) = match way {
                Way::Empty => (None, None),
                Way::Constant(text) => {
                    self.output.computed(text.as_deref());
                    continue;
                }
                Way::PeriodBound { cell, end } => {
                    self.output.computed(period_bound(record.text(*cell), *end).as_deref());
                    continue;
                }
                Way::Cell(cell) => match self.text(field, record, *cell) {
                    Ok(text) => (text, Some(record.text(*cell))),
                    Err(why) => {
                        self.output.computed(None);
                        let fault = origin.fault(record.line, field.name, record.text(*cell), why);
                        self.output.faults.push(fault);
                        continue;
                    }
                },
            };
            if let Err(why) = self.output.value(field, text.as_deref()) {
                self.output.faults.push(origin.fault(record.line, field.name, given.unwrap_or_default(), why));
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
            (Form::Error, _) => Err("is the error of a formula, or a formula without its result".to_owned()),
            (Form::Json, Kind::Json { .. }) => Ok(Some(text.into())),
            (Form::Json, _) => Err("is JSON, where a text, a number or a list of texts is needed".to_owned()),
            (Form::Date, Kind::Date | Kind::Timestamp | Kind::Period | Kind::PeriodBound { .. }) => Ok(Some(text.into())),
            (Form::Date, _) => Err(format!("is a date, where {} is not", field.name)),
            (Form::Number, Kind::Integer { .. } | Kind::Decimal | Kind::Period) => Ok(Some(text.into())),
            (Form::Number, Kind::Date) => day(text).map(|day| Some(day.into())),
            (Form::Number, Kind::Json { .. }) => Err("is a number".to_owned()),
            (Form::Number, _) => Err("is a number in the file, where texts are needed: leading zeros may be lost".to_owned()),
            (Form::Text, Kind::Decimal) if self.dialect.comma && !text.contains('.') => {
                Ok(Some(if text.contains(',') { text.replacen(',', ".", 1).into() } else { text.into() }))
            }
            (Form::Text, _) if self.dialect.guarded && is_guarded(text) => Ok(Some(text[1..].into())),
            (Form::Text, _) => Ok(Some(text.into())),
        }
    }

    /// Finds where each column of the table comes from; nothing, with the faults, when the header will not do.
    fn header(&mut self, record: &Record) -> Option<Vec<(&'static Field, Way)>> {
        let dataset = self.output.dataset;
        let mut wrong = Vec::new();
        let names: Vec<&str> = record.texts().map(str::trim).collect();
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for name in names.iter().copied().chain(self.constants.keys().map(String::as_str)) {
            *times.entry(name).or_default() += 1;
            match times[name] {
                1 => wrong.extend(unknown(dataset, name)),
                2 if !name.is_empty() => wrong.push(format!("the column `{}` is given twice", crate::problem::echo(name))),
                _ => {}
            }
        }
        let position = |name: &str| names.iter().position(|header| *header == name);
        let mut columns = Vec::new();
        for field in dataset.columns() {
            let way = match (field.kind, position(field.name), self.constants.get(field.name)) {
                (Kind::PeriodBound { end }, _, _) => match (position("period"), self.constants.get("period")) {
                    (Some(cell), _) => Way::PeriodBound { cell, end },
                    (None, Some(text)) => Way::Constant(period_bound(text, end)),
                    (None, None) => Way::Empty,
                },
                (_, Some(at), _) => Way::Cell(at),
                (_, None, Some(text)) => match cell::read(field, text) {
                    Ok(text) => Way::Constant(text.map(Cow::into_owned)),
                    Err(why) => {
                        wrong.push(format!("the constant `{}` {why}", field.name));
                        continue;
                    }
                },
                (_, None, None) if field.required => {
                    wrong.push(format!("the column `{}` is missing", field.name));
                    continue;
                }
                (_, None, None) => Way::Empty,
            };
            columns.push((field, way));
        }
        let right = wrong.is_empty();
        let line = Some(record.line.max(1));
        wrong.into_iter().for_each(|detail| self.output.faults.push(self.origin.1.whole(line, detail)));
        self.width = record.len();
        right.then_some(columns)
    }
}

impl Sink for Canonical<'_> {
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
            self.output.faults.push(self.origin.1.whole(Some(record.line), detail));
        } else {
            self.row(record, &columns);
        }
        self.columns = Some(columns);
        if self.output.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn broken(&mut self, broken: Broken) {
        let column = broken.cell.and_then(|cell| {
            let named = |way: &Way| matches!(way, Way::Cell(at) if *at == cell);
            self.columns.as_ref()?.iter().find(|(_, way)| named(way)).map(|(field, _)| field.name.to_owned())
        });
        self.output.faults.push(FileFault { column, ..self.origin.1.whole(broken.line, broken.detail) });
    }
}

/// Why a header names no column that may be there. Exports also have what is computed or repeated from other rows.
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

/// First or last day of a period; nothing for a text that is none, whose own cell is at fault.
fn period_bound(text: &str, end: bool) -> Option<String> {
    period::parse(text).map(|p| if end { p.end } else { p.start }.to_string())
}

/// The day of a workbook's serial number, which counts from 30 December 1899.
fn day(serial: &str) -> Result<String, String> {
    let days = serial.parse::<u64>().ok().filter(|days| (61..3_000_000).contains(days));
    let zero = NaiveDate::from_ymd_opt(1899, 12, 30);
    let day = zero.zip(days).and_then(|(zero, days)| zero.checked_add_days(Days::new(days)));
    day.map(|day| day.to_string()).ok_or_else(|| "is a number that stands for no day".to_owned())
}

/// Whether an export for spreadsheets put an apostrophe before the text, which may have had some already.
fn is_guarded(text: &str) -> bool {
    text.starts_with('\'') && text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}
