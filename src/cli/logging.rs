//! Owns the log: one line for each record, as text or as JSON. Control characters are escaped, so that text from a client
//! can neither forge a line nor control a terminal.
//! Must not know who logs what.

use std::io::{self, Write};

use chrono::Utc;
use env_logger::fmt::Formatter;
use log::Record;
use log::kv::{self, Key, Value, VisitSource, VisitValue};
use serde::Serializer;
use serde::ser::SerializeMap;

/// The default of RUST_LOG.
const FILTERS: &str = "info";

/// Starts the log with the values of RUST_LOG and LOG_FORMAT. An unknown format means text here; `Config::read` reports it
/// as an error.
pub fn start(filters: &str, format: &str) {
    let filters = if filters.is_empty() { FILTERS } else { filters };
    let mut builder = env_logger::Builder::new();
    match format {
        "json" => builder.format(json),
        _ => builder.format(text),
    };
    builder.parse_filters(filters).init();
}

/// The current time in RFC 3339, in UTC with milliseconds.
fn time() -> String {
    Utc::now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn text(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let mut fields = Fields::default();
    record.key_values().visit(&mut fields).map_err(io::Error::other)?;
    let mut text = record.args().to_string();
    for (name, value) in fields.0 {
        let value = match value {
            serde_json::Value::Null => continue,
            serde_json::Value::String(value) => value,
            other => other.to_string(),
        };
        text.push_str(&format!(" {name}={value}"));
    }
    writeln!(out, "{} {:<5} {} {}", time(), record.level(), record.target(), escape_text(&text))
}

fn json(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let mut fields = Fields::default();
    record.key_values().visit(&mut fields).map_err(io::Error::other)?;
    let mut line = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut line);
    let mut object = serializer.serialize_map(None)?;
    object.serialize_entry("timestamp", &time())?;
    object.serialize_entry("level", record.level().as_str())?;
    object.serialize_entry("target", record.target())?;
    object.serialize_entry("message", &record.args().to_string())?;
    for (name, value) in fields.0 {
        object.serialize_entry(&name, &value)?;
    }
    SerializeMap::end(object)?;
    writeln!(out, "{}", escape_json(&String::from_utf8_lossy(&line)))
}

/// The key-value pairs of a record, in their order.
#[derive(Default)]
struct Fields(Vec<(String, serde_json::Value)>);

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let mut json = JsonValue(serde_json::Value::Null);
        value.visit(&mut json)?;
        self.0.push((key.to_string(), json.0));
        Ok(())
    }
}

/// A value of a record as JSON.
struct JsonValue(serde_json::Value);

impl<'v> VisitValue<'v> for JsonValue {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), kv::Error> {
        self.0 = value.to_string().into();
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }
}

/// Tells whether a character ends a line or controls a terminal.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Escapes control characters, and indents the second and further lines of a message.
fn escape_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\n  "),
            c if is_control(c) => escaped.extend(c.escape_default()),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Escapes the control characters that JSON permits in strings: it requires escapes for the first 32 only.
fn escape_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            c if is_control(c) => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}
