//! Owns the reading of SDMX-CSV 2.0 messages as the service writes them. It maps their components to fields.
//! Must not know the checks of an observation.

use std::ops::ControlFlow;

use chrono::{Days, NaiveDate};

use super::error::ReadError;
use super::record::{CellType, Record};
use super::sink::RecordSink;
use crate::problem::echo;
use crate::query::model::cube::{COMPONENTS, Component, DATAFLOW, Role, dimensions};
use crate::query::suggest::closest;

/// The first cell of the header. The brackets name the separator of lists.
const STRUCTURE: &str = "STRUCTURE[;]";

/// The separator of a code and its name within a cell.
const NAMED: &str = ": ";

/// The component with this identifier.
fn component(id: &str) -> Option<&'static Component> {
    COMPONENTS.iter().find(|component| component.id == id)
}

/// Whether a text starts like a message.
pub fn is_message(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    text.starts_with(STRUCTURE.as_bytes()) || text.starts_with(b"STRUCTURE,")
}

/// The columns of a message.
struct MessageColumns {
    dataflow: usize,
    action: usize,
    /// The number of cells in a record.
    width: usize,
    /// The column and the component of each field.
    fields: Vec<(usize, &'static Component)>,
    /// Whether cells have names beside codes.
    both: bool,
}

/// Converts the records of a message to observations for a sink.
pub struct Observations<'s> {
    sink: &'s mut dyn RecordSink,
    columns: Option<MessageColumns>,
    record: Record,
}

impl<'s> Observations<'s> {
    /// Converts records for this sink.
    pub fn new(sink: &'s mut dyn RecordSink) -> Self {
        Self { sink, columns: None, record: Record::default() }
    }

    /// Converts the header. An error in the header ends the reading.
    fn header(&mut self, record: &Record) -> ControlFlow<()> {
        match columns(record) {
            Err(detail) => {
                self.sink.broken(ReadError::line(record.line, detail));
                ControlFlow::Break(())
            }
            Ok(columns) => {
                self.record.begin(record.line);
                for (_, component) in &columns.fields {
                    self.record.push(component.field, CellType::Text);
                }
                self.columns = Some(columns);
                self.sink.record(&self.record)
            }
        }
    }
}

impl RecordSink for Observations<'_> {
    fn record(&mut self, record: &Record) -> ControlFlow<()> {
        let Some(columns) = &self.columns else { return self.header(record) };
        match row(columns, record, &mut self.record) {
            Ok(()) => self.sink.record(&self.record),
            Err(detail) => {
                self.sink.broken(ReadError::line(record.line, detail));
                ControlFlow::Continue(())
            }
        }
    }

    fn broken(&mut self, broken: ReadError) {
        let cell = broken.cell.and_then(|cell| self.columns.as_ref()?.fields.iter().position(|(at, _)| *at == cell));
        self.sink.broken(ReadError { cell, ..broken });
    }
}

/// Finds the column of each component.
fn columns(record: &Record) -> Result<MessageColumns, String> {
    let ids: Vec<&str> = record.texts().map(|text| text.split_once(NAMED).map_or(text, |(id, _)| id).trim()).collect();
    if ids.first() != Some(&STRUCTURE) {
        return Err(format!("the header does not begin with `{STRUCTURE}`, as that of SDMX-CSV 2.0 with `;` within lists does"));
    }
    let place = |id: &str| ids.iter().position(|own| *own == id);
    let needed = |id: &str, why: &str| place(id).ok_or_else(|| format!("the column `{id}` is missing, {why}"));
    let (dataflow, action) =
        (needed("STRUCTURE_ID", "which says whose message it is")?, needed("ACTION", "which says what for")?);
    let named = place("STRUCTURE_NAME").is_some();
    let mut fields: Vec<(usize, &'static Component)> = Vec::new();
    for (at, id) in ids.iter().enumerate().skip(1).filter(|(at, _)| *at != dataflow && *at != action) {
        match component(id) {
            Some(_) if fields.iter().any(|(_, other)| other.id == *id) => return Err(format!("`{id}` is given twice")),
            Some(own) => fields.push((at, own)),
            // The name of the component in the previous column.
            None if named && (*id == "STRUCTURE_NAME" || component(ids[at - 1]).is_some()) => {}
            None => {
                let near = closest(id, COMPONENTS.map(|component| component.id)).join(", ");
                return Err(format!("`{}` is not a component of {DATAFLOW}; closest: {near}", echo(id)));
            }
        }
    }
    for component in dimensions() {
        needed(component.id, &format!("without which an observation has no key (`{}`)", component.field))?;
    }
    let width = record.len();
    Ok(MessageColumns { dataflow, action, width, fields, both: record.texts().any(|text| text.contains(NAMED)) })
}

/// Converts one record.
fn row(columns: &MessageColumns, from: &Record, to: &mut Record) -> Result<(), String> {
    let code = |text: &str| text.split_once(NAMED).map_or(text, |(code, _)| code).to_owned();
    if from.len() != columns.width {
        return Err(format!("the line has {} cells where the header has {}", from.len(), columns.width));
    }
    let dataflow = code(from.text(columns.dataflow));
    if dataflow != DATAFLOW {
        return Err(format!("`{}` is not the dataflow {DATAFLOW}", echo(&dataflow)));
    }
    match from.text(columns.action) {
        "" | "A" | "I" | "R" => {}
        "D" => {
            return Err("the action `D` deletes, which a message cannot: a manifest says what is withdrawn, and why".to_owned());
        }
        other => return Err(format!("`{}` is not an action that is read; those are A, I, R: whole observations", echo(other))),
    }
    to.begin(from.line);
    for (at, component) in &columns.fields {
        let text = from.text(*at);
        match component.role {
            _ if columns.both && component.coded => {
                to.push(&text.split(';').map(code).collect::<Vec<_>>().join("|"), CellType::Text);
            }
            _ if component.is_time() => to.push(&interval(text).unwrap_or_else(|| text.to_owned()), CellType::Text),
            Role::Measure if text == "NaN" => to.push("", CellType::Text),
            _ if component.id.ends_with("[]") => to.push(&text.replace(';', "|"), CellType::Text),
            _ => to.push(text, CellType::Text),
        }
    }
    Ok(())
}

/// Converts an interval from its first day and its length to its first and last days.
fn interval(text: &str) -> Option<String> {
    let (first, length) = text.split_once("/P")?;
    let days = length.strip_suffix('D')?.parse::<u64>().ok()?.checked_sub(1)?;
    let last = first.parse::<NaiveDate>().ok()?.checked_add_days(Days::new(days))?;
    Some(format!("{first}/{last}"))
}
