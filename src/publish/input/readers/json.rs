//! Owns the reading of NDJSON, and the conversion of a JSON object to a record.
//! Must not know the meaning of the members, nor how objects are arranged in a document.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::ReadError;
use super::limits::{RECORD_BYTES, RECORD_CELLS};
use super::record::{CellType, Record};
use super::sink::RecordSink;

/// The separator of texts in a list, as in CSV.
const LIST_SEPARATOR: &str = "|";

/// Reads one object from each line.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn read_lines(path: &Path, sink: &mut dyn RecordSink) -> Result<(), ReadError> {
    let file = File::open(path).map_err(|error| ReadError::file(error.to_string()))?;
    let (mut reader, mut line, mut number) = (BufReader::new(file), Vec::new(), 0);
    let mut rows = JsonRows::new(sink);
    loop {
        line.clear();
        number += 1;
        let limit = u64::try_from(RECORD_BYTES).unwrap_or(u64::MAX);
        let read =
            reader.by_ref().take(limit).read_until(b'\n', &mut line).map_err(|e| ReadError::line(number, e.to_string()))?;
        if read == 0 {
            return Ok(());
        }
        if read == RECORD_BYTES && line.last() != Some(&b'\n') {
            return Err(ReadError::line(number, format!("the line has more than {} MiB", RECORD_BYTES >> 20)));
        }
        let text = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&line).trim_ascii();
        if text.is_empty() {
            continue;
        }
        let members: Members = match serde_json::from_slice(text) {
            Ok(members) => members,
            Err(error) => {
                rows.sink.broken(ReadError::line(number, format!("the line is not a JSON object: {error}")));
                continue;
            }
        };
        if rows.take(number, members).is_break() {
            return Ok(());
        }
    }
}

/// The members of an object, in their order.
pub struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members: Vec<(String, Box<RawValue>)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if members.len() == RECORD_CELLS {
                        return Err(serde::de::Error::custom(format!("it has more than {RECORD_CELLS} members")));
                    }
                    if members.iter().any(|(other, _)| *other == name) {
                        return Err(serde::de::Error::custom(format!("`{name}` stands in it twice")));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Converts objects to records, all with the members of the first.
pub struct JsonRows<'s> {
    sink: &'s mut dyn RecordSink,
    names: Vec<String>,
    record: Record,
    count: u64,
    stopped: bool,
}

impl<'s> JsonRows<'s> {
    /// Converts objects for this sink.
    pub fn new(sink: &'s mut dyn RecordSink) -> Self {
        Self { sink, names: Vec::new(), record: Record::default(), count: 0, stopped: false }
    }

    /// The number of objects so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether the sink wants no more records.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Converts one object. Returns whether the sink wants more.
    pub fn take(&mut self, line: u64, members: Members) -> ControlFlow<()> {
        self.count += 1;
        if self.count == 1 {
            self.names = members.0.iter().map(|(name, _)| name.clone()).collect();
            self.record.begin(0);
            self.names.iter().for_each(|name| self.record.push(name, CellType::Text));
            self.stopped = self.sink.record(&self.record).is_break();
            if self.stopped {
                return ControlFlow::Break(());
            }
        }
        if let Some((name, _)) = members.0.iter().find(|(name, _)| !self.names.contains(name)) {
            let name = crate::problem::echo(name);
            self.sink.broken(ReadError::line(line, format!("`{name}` is not a member of the first row; all rows have the same")));
            return ControlFlow::Continue(());
        }
        self.record.begin(line);
        for (at, name) in self.names.iter().enumerate() {
            let given = members.0.get(at).filter(|(own, _)| own == name);
            let value = given.or_else(|| members.0.iter().find(|(own, _)| own == name)).map(|(_, value)| value.get());
            match cell(value.unwrap_or("null")) {
                Ok((text, form)) => self.record.push(&text, form),
                Err(detail) => {
                    self.sink.broken(ReadError { line: Some(line), cell: Some(at), detail });
                    return ControlFlow::Continue(());
                }
            }
        }
        let flow = self.sink.record(&self.record);
        self.stopped = flow.is_break();
        flow
    }
}

/// Converts a JSON value to the text of a cell.
fn cell(json: &str) -> Result<(String, CellType), String> {
    match json.as_bytes().first() {
        Some(b'n') => Ok((String::new(), CellType::Text)),
        Some(b'"') => serde_json::from_str(json).map(|text| (text, CellType::Text)).map_err(|error| error.to_string()),
        Some(b'[') => match serde_json::from_str::<Vec<String>>(json) {
            Ok(texts) if texts.iter().any(|text| text.contains(LIST_SEPARATOR)) => {
                Err(format!("a text of a list holds a `{LIST_SEPARATOR}`, which stands between such texts"))
            }
            Ok(texts) => Ok((texts.join(LIST_SEPARATOR), CellType::Text)),
            Err(_) => Ok((json.to_owned(), CellType::Json)),
        },
        Some(b'{' | b't' | b'f') => Ok((json.to_owned(), CellType::Json)),
        _ => Ok((json.to_owned(), CellType::Number)),
    }
}
