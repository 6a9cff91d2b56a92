//! Owns the reading of SDMX-CSV 2.0 as the service writes it: a message's components by the names of the columns that
//! they come from.
//! Must not know what is checked of an observation.

use std::ops::ControlFlow;

use chrono::{Days, NaiveDate};

use super::error::ReadError;
use super::record::{CellType, Record};
use super::sink::RecordSink;
use crate::problem::echo;
use crate::query::suggest::closest;

/// What the header of a message begins with; the brackets say what stands between the values of a list.
const STRUCTURE: &str = "STRUCTURE[;]";

/// The dataflow whose messages are read.
const DATAFLOW: &str = "REPERES:OBSERVATIONS(1.0)";

/// Stands between a code and its name where a message has both in a cell.
const NAMED: &str = ": ";

/// The components: identifier, field, and whether an observation cannot be told from others without it.
const COMPONENTS: [(&str, &str, bool); 14] = [
    ("INDICATOR", "indicator_code", true),
    ("REF_AREA", "territory_code", true),
    ("TIME_PERIOD", "period", true),
    ("BREAKDOWN", "breakdown", true),
    ("NATURE", "nature", true),
    ("SOURCE", "source_code", true),
    ("OBS_VALUE", "value", false),
    ("OBS_STATUS[]", "statuses", false),
    ("UNIT_MEASURE", "unit", false),
    ("QUALIFIER", "qualifier", false),
    ("ROUNDING", "rounding", false),
    ("GEOGRAPHY_YEAR", "geography_year", false),
    ("SOURCE_LOCATION", "source_location", false),
    ("COMMENT_OBS", "note", false),
];

/// The components whose cells have names beside codes, where names are asked for.
const CODED: [&str; 3] = ["INDICATOR", "REF_AREA", "SOURCE"];

/// Whether a text begins as a message does.
pub fn is_message(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    text.starts_with(STRUCTURE.as_bytes()) || text.starts_with(b"STRUCTURE,")
}

/// Where the cells of a message go.
struct MessageColumns {
    dataflow: usize,
    action: usize,
    /// How many cells a record has.
    width: usize,
    /// The cell of each field, and its component.
    fields: Vec<(usize, &'static str)>,
    /// Whether cells have names beside codes.
    both: bool,
}

/// Makes observations of the records of a message, on their way to a sink.
pub struct Observations<'s> {
    sink: &'s mut dyn RecordSink,
    columns: Option<MessageColumns>,
    record: Record,
}

impl<'s> Observations<'s> {
    /// Those that go to this sink.
    pub fn new(sink: &'s mut dyn RecordSink) -> Self {
        Self { sink, columns: None, record: Record::default() }
    }

    /// Hands over the names of the fields; what is wrong with a header keeps the rest from being read.
    fn header(&mut self, record: &Record) -> ControlFlow<()> {
        match columns(record) {
            Err(detail) => {
                self.sink.broken(ReadError::line(record.line, detail));
                ControlFlow::Break(())
            }
            Ok(columns) => {
                self.record.begin(record.line);
                for (_, id) in &columns.fields {
                    let field = COMPONENTS.iter().find(|(own, ..)| own == id).map_or("", |(_, field, _)| field);
                    self.record.push(field, CellType::Text);
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

/// Finds where each component stands.
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
    let mut fields = Vec::new();
    for (at, id) in ids.iter().enumerate().skip(1).filter(|(at, _)| *at != dataflow && *at != action) {
        match COMPONENTS.iter().find(|(own, ..)| own == id) {
            Some((own, ..)) if fields.iter().any(|(_, other)| other == own) => return Err(format!("`{own}` is given twice")),
            Some((own, ..)) => fields.push((at, *own)),
            // The name of the column before.
            None if named && (*id == "STRUCTURE_NAME" || COMPONENTS.iter().any(|(own, ..)| *own == ids[at - 1])) => {}
            None => {
                let near = closest(id, COMPONENTS.map(|(own, ..)| own)).join(", ");
                return Err(format!("`{}` is not a component of {DATAFLOW}; closest: {near}", echo(id)));
            }
        }
    }
    for (id, field, _) in COMPONENTS.iter().filter(|(.., key)| *key) {
        needed(id, &format!("without which an observation has no key (`{field}`)"))?;
    }
    let width = record.len();
    Ok(MessageColumns { dataflow, action, width, fields, both: record.texts().any(|text| text.contains(NAMED)) })
}

/// Makes one observation.
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
    for (at, id) in &columns.fields {
        let text = from.text(*at);
        match *id {
            id if columns.both && CODED.contains(&id) => to.push(&code(text), CellType::Text),
            "TIME_PERIOD" => to.push(&interval(text).unwrap_or_else(|| text.to_owned()), CellType::Text),
            "OBS_VALUE" if text == "NaN" => to.push("", CellType::Text),
            "OBS_STATUS[]" => to.push(&text.replace(';', "|"), CellType::Text),
            _ => to.push(text, CellType::Text),
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
