//! Owns the reading of SDMX-CSV 2.0 as the service writes it: a message's components by the names of the columns that
//! they come from.
//! Must not know what is checked of an observation.

use std::ops::ControlFlow;

use chrono::{Days, NaiveDate};

use super::{Broken, Form, Record, Sink};
use crate::problem::echo;
use crate::query::model::cube::{COMPONENTS, Component, DATAFLOW, Role, dimensions};
use crate::query::suggest::closest;

/// What the header of a message begins with; the brackets say what stands between the values of a list.
const STRUCTURE: &str = "STRUCTURE[;]";

/// Stands between a code and its name where a message has both in a cell.
const NAMED: &str = ": ";

/// The component with this identifier.
fn component(id: &str) -> Option<&'static Component> {
    COMPONENTS.iter().find(|component| component.id == id)
}

/// Whether a text begins as a message does.
pub fn is_message(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    text.starts_with(STRUCTURE.as_bytes()) || text.starts_with(b"STRUCTURE,")
}

/// Where the cells of a message go.
struct Columns {
    dataflow: usize,
    action: usize,
    /// How many cells a record has.
    width: usize,
    /// The index of each component's cell.
    fields: Vec<(usize, &'static Component)>,
    /// Whether cells have names beside codes.
    both: bool,
}

/// Makes observations of the records of a message, on their way to a sink.
pub struct Observations<'s> {
    sink: &'s mut dyn Sink,
    columns: Option<Columns>,
    record: Record,
}

impl<'s> Observations<'s> {
    /// Those that go to this sink.
    pub fn new(sink: &'s mut dyn Sink) -> Self {
        Self { sink, columns: None, record: Record::default() }
    }

    /// Hands over the names of the fields; what is wrong with a header keeps the rest from being read.
    fn header(&mut self, record: &Record) -> ControlFlow<()> {
        match columns(record) {
            Err(detail) => {
                self.sink.broken(Broken::line(record.line, detail));
                ControlFlow::Break(())
            }
            Ok(columns) => {
                self.record.begin(record.line);
                for (_, component) in &columns.fields {
                    self.record.push(component.field, Form::Text);
                }
                self.columns = Some(columns);
                self.sink.record(&self.record)
            }
        }
    }
}

impl Sink for Observations<'_> {
    fn record(&mut self, record: &Record) -> ControlFlow<()> {
        let Some(columns) = &self.columns else { return self.header(record) };
        match row(columns, record, &mut self.record) {
            Ok(()) => self.sink.record(&self.record),
            Err(detail) => {
                self.sink.broken(Broken::line(record.line, detail));
                ControlFlow::Continue(())
            }
        }
    }

    fn broken(&mut self, broken: Broken) {
        let cell = broken.cell.and_then(|cell| self.columns.as_ref()?.fields.iter().position(|(at, _)| *at == cell));
        self.sink.broken(Broken { cell, ..broken });
    }
}

/// Finds where each component stands.
fn columns(record: &Record) -> Result<Columns, String> {
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
            // The name of the column before.
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
    Ok(Columns { dataflow, action, width, fields, both: record.texts().any(|text| text.contains(NAMED)) })
}

/// Makes one observation.
fn row(columns: &Columns, from: &Record, to: &mut Record) -> Result<(), String> {
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
            _ if columns.both && component.coded => to.push(&code(text), Form::Text),
            _ if component.is_time() => to.push(&interval(text).unwrap_or_else(|| text.to_owned()), Form::Text),
            Role::Measure if text == "NaN" => to.push("", Form::Text),
            _ if component.id.ends_with("[]") => to.push(&text.replace(';', "|"), Form::Text),
            _ => to.push(text, Form::Text),
        }
    }
    Ok(())
}

/// The first and last day of an interval that is written as its first day and its length.
fn interval(text: &str) -> Option<String> {
    let (first, length) = text.split_once("/P")?;
    let days = length.strip_suffix('D')?.parse::<u64>().ok()?.checked_sub(1)?;
    let last = first.parse::<NaiveDate>().ok()?.checked_add_days(Days::new(days))?;
    Some(format!("{first}/{last}"))
}
