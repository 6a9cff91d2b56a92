//! Owns the log: a line for each record, as text for people or as JSON for programs, and that nothing a client sends can
//! make it two, or command a terminal.
//! Must not know who writes what.

use std::io::{self, Write};

use chrono::Utc;
use env_logger::fmt::Formatter;
use log::Record;
use log::kv::{self, Key, Value, VisitSource, VisitValue};
use serde::Serializer;
use serde::ser::SerializeMap;

/// What is logged when nothing is said.
const FILTERS: &str = "info";

/// Starts the log, by the two variables that say what is logged and how; a form that is unknown is text, and a fault of
/// the configuration.
pub fn start(filters: &str, form: &str) {
    let filters = if filters.is_empty() { FILTERS } else { filters };
    let mut builder = env_logger::Builder::new();
    match form {
        "json" => builder.format(json),
        _ => builder.format(text),
    };
    builder.parse_filters(filters).init();
}

/// The time is made with the calendar that the program has anyway.
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
    writeln!(out, "{} {:<5} {} {}", time(), record.level(), record.target(), harmless(&text))
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
    writeln!(out, "{}", escaped(&String::from_utf8_lossy(&line)))
}

/// The fields of a record, in their order.
#[derive(Default)]
struct Fields(Vec<(String, serde_json::Value)>);

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let mut plain = Plain(serde_json::Value::Null);
        value.visit(&mut plain)?;
        self.0.push((key.to_string(), plain.0));
        Ok(())
    }
}

/// One value.
struct Plain(serde_json::Value);

impl<'v> VisitValue<'v> for Plain {
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

/// Whether a character ends a line, or commands a terminal.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// A text that neither ends its line, but for more lines that are seen to belong to it, nor commands a terminal.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => harmless.push_str("\n  "),
            c if is_harmful(c) => harmless.extend(c.escape_default()),
            c => harmless.push(c),
        }
    }
    harmless
}

/// JSON without such characters: JSON itself escapes but the first 32, and admits the others in texts only.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            c if is_harmful(c) => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}
