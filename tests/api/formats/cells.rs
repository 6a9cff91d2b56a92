//! Owns the parsing of each representation into a table, and the expected form of a JSON cell in each.
//! Must not know which rows were requested.

use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset, NaiveDate};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use reperes::query::Kind;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::harness::get;

/// Rows of named columns. Each cell is the text of its JSON, so that numbers keep their digits.
#[derive(Debug, PartialEq)]
pub struct Table {
    pub names: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    fn of(objects: Vec<Members>) -> Self {
        let names = objects.first().map_or_else(Vec::new, |first| first.0.iter().map(|(name, _)| name.clone()).collect());
        let mut rows = Vec::with_capacity(objects.len());
        for Members(members) in objects {
            assert!(members.iter().map(|(name, _)| name).eq(&names), "every row has the same columns");
            rows.push(members.into_iter().map(|(_, cell)| cell).collect());
        }
        Self { names, rows }
    }

    pub fn column(&self, name: &str) -> Vec<&str> {
        let at = self.names.iter().position(|one| one == name).unwrap_or_else(|| panic!("{name} is missing"));
        self.rows.iter().map(|row| row[at].as_str()).collect()
    }

    /// Every cell in the form that a representation must have.
    pub fn each<T>(&self, kinds: &[Kind], cell: impl Fn(&str, Kind) -> T) -> Vec<Vec<T>> {
        let row = |row: &Vec<String>| row.iter().zip(kinds).map(|(text, kind)| cell(text, *kind)).collect();
        self.rows.iter().map(row).collect()
    }
}

/// The members of a JSON object in their order.
struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Gather;
        impl<'de> Visitor<'de> for Gather {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, cell)) = map.next_entry::<String, Box<RawValue>>()? {
                    members.push((name, cell.get().to_owned()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Gather)
    }
}

/// The rows of all pages, by the links to the next page.
pub fn pages(address: SocketAddr, target: &str) -> Table {
    #[derive(Deserialize)]
    struct Page {
        data: Vec<Members>,
        links: Links,
    }
    #[derive(Deserialize)]
    struct Links {
        next: Option<String>,
    }
    let (mut next, mut rows) = (Some(target.to_owned()), Vec::new());
    while let Some(target) = next {
        let reply = get(address, &target);
        assert_eq!(reply.status, 200, "{target}: {}", reply.text());
        let page: Page = serde_json::from_slice(&reply.body).expect("a page");
        rows.extend(page.data);
        next = page.links.next;
    }
    Table::of(rows)
}

pub fn ndjson(body: &[u8]) -> Table {
    let text = std::str::from_utf8(body).expect("UTF-8");
    assert!(text.is_empty() || text.ends_with('\n'), "every line ends");
    Table::of(text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect())
}

/// The properties of the features. The other members of the features are checked here.
pub fn geojson(body: &[u8], kinds: &[Kind]) -> Table {
    #[derive(Deserialize)]
    struct Collection {
        r#type: String,
        features: Vec<Feature>,
    }
    #[derive(Deserialize)]
    struct Feature {
        r#type: String,
        id: Option<String>,
        geometry: Value,
        properties: Members,
    }
    let collection: Collection = serde_json::from_slice(body).expect("a collection of features");
    assert_eq!(collection.r#type, "FeatureCollection");
    let code = kinds.iter().position(|kind| matches!(kind, Kind::Code | Kind::JoinedCode));
    for feature in &collection.features {
        assert_eq!(feature.r#type, "Feature");
        assert_eq!(feature.id.as_ref().map(|id| json!(id).to_string()), code.map(|at| feature.properties.0[at].1.clone()));
        assert!(is_geometry(&feature.geometry), "{}", feature.geometry);
    }
    Table::of(collection.features.into_iter().map(|feature| feature.properties).collect())
}

/// Whether a value is null, a point, or polygons of closed rings (RFC 7946, section 3.1).
fn is_geometry(geometry: &Value) -> bool {
    let all =
        |value: &Value, part: fn(&Value) -> bool| value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(part));
    let position = |value: &Value| value.as_array().is_some_and(|pair| pair.len() == 2 && pair.iter().all(Value::is_number));
    let polygon = |rings: &Value| {
        all(rings, |ring| ring.as_array().is_some_and(|points| points.len() >= 4 && points.first() == points.last()))
    };
    match geometry["type"].as_str() {
        None => geometry.is_null(),
        Some("Point") => position(&geometry["coordinates"]),
        Some("Polygon") => polygon(&geometry["coordinates"]),
        Some("MultiPolygon") => geometry["coordinates"].as_array().is_some_and(|all| !all.is_empty() && all.iter().all(polygon)),
        Some(_) => false,
    }
}

pub fn csv(body: &[u8]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(body);
    let names = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let rows = reader.records().map(|record| record.expect("a record").iter().map(str::to_owned).collect());
    (names, rows.collect())
}

/// CSV for spreadsheets: after a byte order mark, with semicolons.
pub fn csv_excel(body: &[u8]) -> (Vec<String>, Vec<Vec<String>>) {
    let body = body.strip_prefix("\u{feff}".as_bytes()).expect("a byte order mark");
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(body);
    let names = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let rows = reader.records().map(|record| record.expect("a record").iter().map(str::to_owned).collect());
    (names, rows.collect())
}

/// A cell of CSV for spreadsheets: numbers have a decimal comma, and an apostrophe stands before what could be a formula.
pub fn in_spreadsheet(cell: &str, kind: Kind) -> String {
    let text = plain(cell, kind);
    match kind {
        Kind::Decimal => text.replace('.', ","),
        Kind::Integer { .. } => text,
        _ if text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        _ => text,
    }
}

/// A cell as one text: null is empty, and the values of a list are joined.
pub fn plain(cell: &str, kind: Kind) -> String {
    match (kind, cell.as_bytes()) {
        (_, b"null") => String::new(),
        (Kind::Json { .. }, _) => cell.to_owned(),
        (_, [b'"', ..]) => serde_json::from_str(cell).expect("a text"),
        (_, [b'[', ..]) => serde_json::from_str::<Vec<String>>(cell).expect("a list").join("|"),
        _ => cell.to_owned(),
    }
}

pub fn parquet(body: Vec<u8>, kinds: &[Kind]) -> (Vec<String>, Vec<Vec<Value>>) {
    let reader = SerializedFileReader::new(Bytes::from(body)).expect("a Parquet file");
    let schema = reader.metadata().file_metadata().schema();
    let names = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    let rows = reader.get_row_iter(None).expect("rows").map(|row| {
        let row = row.expect("a row");
        row.get_column_iter().zip(kinds).map(|((_, field), kind)| from_parquet(field, *kind)).collect()
    });
    (names, rows.collect())
}

fn from_parquet(field: &Field, kind: Kind) -> Value {
    match (field, kind) {
        (Field::Null, _) => Value::Null,
        (Field::Str(text), Kind::Json { .. }) => serde_json::from_str(text).expect("JSON"),
        (Field::Str(text), _) => json!(text),
        (Field::Bool(truth), Kind::Boolean) => json!(truth),
        (Field::Long(number), Kind::Integer { .. }) => json!(number),
        (Field::Double(number), Kind::Decimal) => json!(number),
        (Field::Date(days), Kind::Date | Kind::PeriodBound { .. }) => {
            json!(NaiveDate::from_epoch_days(*days).expect("a day").to_string())
        }
        (Field::TimestampMicros(micros), Kind::Timestamp) => json!(micros),
        (Field::ListInternal(list), _) => list.elements().iter().map(|item| from_parquet(item, Kind::Text)).collect(),
        other => panic!("{other:?} has the wrong type"),
    }
}

/// A cell in the types of Parquet: decimals are doubles, instants are microseconds.
pub fn computable(cell: &str, kind: Kind) -> Value {
    let value = serde_json::from_str(cell).expect("JSON");
    match (kind, &value) {
        (Kind::Decimal, Value::Number(_)) => json!(cell.parse::<f64>().expect("a number")),
        (Kind::Timestamp, Value::String(text)) => json!(instant(text).timestamp_micros()),
        _ => value,
    }
}

pub fn instant(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).expect("an instant")
}
