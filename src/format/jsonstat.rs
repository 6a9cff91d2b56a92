//! Owns JSON-stat 2.0 (json-stat.org): observations as a cube whose dimensions are the parts of their key.
//! Rows are gathered, since a cube's size stands before its values: whoever gives rows must bound them.
//! Must not know HTTP or SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{About, RowWriter};
use crate::query::Row;

/// The dimensions: name, French label, column, and the role that they play.
const DIMENSIONS: [(&str, &str, &str, Option<&str>); 6] = [
    ("indicator", "Indicateur", "indicator_code", Some("metric")),
    ("territory", "Territoire", "territory_code", Some("geo")),
    ("period", "Période", "period", Some("time")),
    ("breakdown", "Ventilation", "breakdown", None),
    ("nature", "Nature", "nature", None),
    ("source", "Source", "source_code", None),
];

/// The most cells of a cube.
const CELLS: usize = 1_000_000;

/// Writes JSON-stat.
pub struct JsonStatWriter {
    about: About,
    rows: Vec<Row>,
}

impl JsonStatWriter {
    /// A writer of observations.
    ///
    /// # Errors
    /// When a column is missing.
    pub fn new(about: &About) -> io::Result<Self> {
        for name in
            DIMENSIONS.iter().map(|(_, _, column, _)| *column).chain(["value", "statuses", "qualifier", "unit", "period_start"])
        {
            about.needed(name)?;
        }
        Ok(Self { about: about.clone(), rows: Vec::new() })
    }

    fn cell<'r>(&self, row: &'r Row, name: &str) -> Option<&'r str> {
        row.cell(self.about.position(name)?)
    }

    /// The categories of a dimension: periods in the order of time, the others by code.
    fn categories(&self, column: &str) -> Vec<String> {
        let order = if column == "period" { "period_start" } else { column };
        let all: BTreeSet<(&str, &str)> =
            self.rows.iter().filter_map(|row| Some((self.cell(row, order)?, self.cell(row, column)?))).collect();
        all.into_iter().map(|(_, code)| code.to_owned()).collect()
    }

    fn dimension(&self, (name, label, column, _): (&str, &str, &str, Option<&str>), categories: &[String]) -> Value {
        let mut category = json!({"index": categories});
        let facts = |fact: &str| -> BTreeMap<&str, &str> {
            let pair = |row| Some((self.cell(row, column)?, self.cell(row, fact)?));
            self.rows.iter().filter_map(pair).collect()
        };
        let labels = facts(&format!("{name}_label"));
        if !labels.is_empty() {
            category["label"] = json!(labels);
        }
        if name == "indicator" {
            let decimals = facts("indicator_decimals");
            let unit = |(code, unit): (&&str, &&str)| {
                let mut described = json!({"label": unit});
                if let Some(decimals) = decimals.get(code).and_then(|text| text.parse::<u8>().ok()) {
                    described["decimals"] = json!(decimals);
                }
                ((*code).to_owned(), described)
            };
            category["unit"] = facts("unit").iter().map(unit).collect::<Map<_, _>>().into();
        }
        json!({"label": label, "category": category})
    }

    fn cube(&self) -> io::Result<Value> {
        let categories: Vec<Vec<String>> = DIMENSIONS.iter().map(|(_, _, column, _)| self.categories(column)).collect();
        let sizes: Vec<usize> = categories.iter().map(Vec::len).collect();
        let cells = sizes.iter().try_fold(1_usize, |product, size| product.checked_mul(*size)).filter(|cells| *cells <= CELLS);
        let Some(cells) = cells else {
            let detail = format!("a cube of {sizes:?} cells has more than {CELLS}; filter more");
            return Err(io::Error::new(io::ErrorKind::InvalidData, detail));
        };
        let places: Vec<BTreeMap<&str, usize>> =
            categories.iter().map(|all| all.iter().enumerate().map(|(at, code)| (code.as_str(), at)).collect()).collect();
        let (mut values, mut statuses, mut qualifiers) = (BTreeMap::new(), Map::new(), Map::new());
        for row in &self.rows {
            let place = DIMENSIONS.iter().zip(&places).zip(&sizes).try_fold(0, |place, (((_, _, column, _), places), size)| {
                Some(place * size + *places.get(self.cell(row, column)?)?)
            });
            let Some(place) = place else { continue };
            let value = self.cell(row, "value").and_then(|text| text.parse::<serde_json::Number>().ok());
            values.insert(place, value.map_or(Value::Null, Value::Number));
            let given: Vec<String> = serde_json::from_str(self.cell(row, "statuses").unwrap_or("[]"))?;
            let status = given.join(",");
            if status != "A" {
                statuses.insert(place.to_string(), json!(status));
            }
            if let Some(qualifier) = self.cell(row, "qualifier").filter(|qualifier| *qualifier != "exact") {
                qualifiers.insert(place.to_string(), json!(qualifier));
            }
        }
        let value = match values.len() * 2 >= cells {
            true => json!((0..cells).map(|place| values.remove(&place).unwrap_or(Value::Null)).collect::<Vec<_>>()),
            false => values.into_iter().map(|(place, value)| (place.to_string(), value)).collect::<Map<_, _>>().into(),
        };
        let mut role = Map::new();
        for (name, _, _, played) in DIMENSIONS {
            if let Some(played) = played {
                role.insert(played.to_owned(), json!([name]));
            }
        }
        let dimension: Map<String, Value> =
            DIMENSIONS.iter().zip(&categories).map(|(one, all)| (one.0.to_owned(), self.dimension(*one, all))).collect();
        let sources: BTreeSet<&str> = self.rows.iter().filter_map(|row| self.cell(row, "source_label")).collect();
        Ok(json!({
            "version": "2.0",
            "class": "dataset",
            "label": self.about.dataset.title,
            "source": sources.into_iter().collect::<Vec<_>>().join(" ; "),
            "updated": self.about.published_at,
            "href": self.about.pinned,
            "id": DIMENSIONS.map(|(name, ..)| name),
            "size": sizes,
            "role": role,
            "dimension": dimension,
            "value": value,
            "status": statuses,
            "extension": {"release": self.about.release, "licence": super::LICENCE, "qualifier": qualifiers},
        }))
    }
}

impl RowWriter for JsonStatWriter {
    fn begin(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, _: &mut dyn Write, row: &Row) -> io::Result<()> {
        self.rows.push(row.clone());
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, &self.cube()?)?;
        out.write_all(b"\n")
    }
}
