//! Owns JSON-stat 2.0 (json-stat.org): observations as a cube whose dimensions are the parts of their key.
//! The writer holds all rows in memory, since the size of a cube stands before its values. The caller bounds the rows.
//! Must not know HTTP or SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{About, RowWriter};
use crate::query::model::cube::{Component, PERIOD_START, Role, STATUSES, dimensions};
use crate::query::{Row, RowView};

/// The columns that a cube needs beside its dimensions. The attributes that it shows may be missing.
const OTHER_COLUMNS: [&str; 2] = ["value", PERIOD_START];

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
    /// Returns an error if a column is missing.
    pub fn new(about: &About) -> io::Result<Self> {
        for name in dimensions().map(|dimension| dimension.field).chain(OTHER_COLUMNS) {
            about.required(name)?;
        }
        Ok(Self { about: about.clone(), rows: Vec::new() })
    }

    fn cell<'r>(&self, row: &'r Row, name: &str) -> Option<&'r str> {
        row.cell(self.about.position(name)?)
    }

    /// The categories of a dimension: periods in the order of time, the others by code.
    fn categories(&self, dimension: &Component) -> Vec<String> {
        let column = dimension.field;
        let order = if dimension.is_time() { PERIOD_START } else { column };
        let all: BTreeSet<(&str, &str)> =
            self.rows.iter().filter_map(|row| Some((self.cell(row, order)?, self.cell(row, column)?))).collect();
        all.into_iter().map(|(_, code)| code.to_owned()).collect()
    }

    fn dimension(&self, dimension: &Component, categories: &[String]) -> Value {
        let column = dimension.field;
        let mut category = json!({"index": categories});
        let facts = |fact: &str| -> BTreeMap<&str, &str> {
            let pair = |row| Some((self.cell(row, column)?, self.cell(row, fact)?));
            self.rows.iter().filter_map(pair).collect()
        };
        let labels = dimension.label_column().map(|name| facts(&name)).unwrap_or_default();
        if !labels.is_empty() {
            category["label"] = json!(labels);
        }
        if dimension.is_metric() {
            let units = self.units(column);
            if !units.is_empty() {
                category["unit"] = units.into();
            }
        }
        json!({"label": dimension.title, "category": category})
    }

    /// The unit of each indicator: its name, and its symbol, decimals and power of ten if there are such.
    fn units(&self, column: &str) -> Map<String, Value> {
        let mut units = Map::new();
        for row in &self.rows {
            let Some(code) = self.cell(row, column) else { continue };
            if units.contains_key(code) {
                continue;
            }
            let Some(label) = self.cell(row, "unit_label") else { continue };
            let mut unit = json!({"label": label});
            if let Some(symbol) = self.cell(row, "unit_symbol") {
                unit["symbol"] = json!(symbol);
            }
            for (member, column) in [("decimals", "indicator_decimals"), ("multiplier", "unit_multiplier")] {
                if let Some(number) = self.cell(row, column).and_then(|text| text.parse::<i64>().ok()) {
                    unit[member] = json!(number);
                }
            }
            units.insert(code.to_owned(), unit);
        }
        units
    }

    fn cube(&self) -> io::Result<Value> {
        let categories: Vec<Vec<String>> = dimensions().map(|one| self.categories(one)).collect();
        let sizes: Vec<usize> = categories.iter().map(Vec::len).collect();
        // No dimension has more categories than there are rows.
        let cells: u128 = sizes.iter().map(|size| *size as u128).product();
        if cells > CELLS as u128 {
            let detail = format!("a cube of {} has {cells} cells, and {CELLS} are allowed; filter more", factors(&sizes));
            return Err(io::Error::new(io::ErrorKind::InvalidData, detail));
        }
        let cells: usize = sizes.iter().product();
        let places: Vec<BTreeMap<&str, usize>> =
            categories.iter().map(|all| all.iter().enumerate().map(|(at, code)| (code.as_str(), at)).collect()).collect();
        let (mut values, mut statuses, mut qualifiers) = (BTreeMap::new(), Map::new(), Map::new());
        let (mut status_labels, mut qualifier_labels) = (BTreeMap::new(), BTreeMap::new());
        for row in &self.rows {
            let place = dimensions()
                .zip(&places)
                .zip(&sizes)
                .try_fold(0, |place, ((one, places), size)| Some(place * size + *places.get(self.cell(row, one.field)?)?));
            let Some(place) = place else { continue };
            let value = self.cell(row, "value").and_then(|text| text.parse::<serde_json::Number>().ok());
            values.insert(place, value.map_or(Value::Null, Value::Number));
            if let Some(given) = self.cell(row, STATUSES) {
                let status = serde_json::from_str::<Vec<String>>(given)?.join(",");
                if status != "A" {
                    statuses.insert(place.to_string(), json!(status));
                    let labels: Vec<Option<String>> = serde_json::from_str(self.cell(row, "statuses_labels").unwrap_or("[]"))?;
                    status_labels.insert(status, labels.into_iter().flatten().collect::<Vec<_>>().join(", "));
                }
            }
            if let Some(qualifier) = self.cell(row, "qualifier").filter(|qualifier| *qualifier != "exact") {
                qualifiers.insert(place.to_string(), json!(qualifier));
                qualifier_labels.extend(self.cell(row, "qualifier_label").map(|label| (qualifier, label)));
            }
        }
        let value = match values.len() * 2 >= cells {
            true => json!((0..cells).map(|place| values.remove(&place).unwrap_or(Value::Null)).collect::<Vec<_>>()),
            false => values.into_iter().map(|(place, value)| (place.to_string(), value)).collect::<Map<_, _>>().into(),
        };
        let mut role = Map::new();
        for one in dimensions() {
            if let Role::Dimension { jsonstat: Some(name) } = one.role {
                role.insert(name.to_owned(), json!([one.dimension()]));
            }
        }
        let dimension: Map<String, Value> =
            dimensions().zip(&categories).map(|(one, all)| (one.dimension().to_owned(), self.dimension(one, all))).collect();
        let sources: BTreeSet<&str> = self.rows.iter().filter_map(|row| self.cell(row, "source_label")).collect();
        Ok(json!({
            "version": "2.0",
            "class": "dataset",
            "label": self.about.dataset.title,
            "source": sources.into_iter().collect::<Vec<_>>().join(" ; "),
            "updated": self.about.published_at,
            "href": self.about.pinned,
            "id": dimensions().map(Component::dimension).collect::<Vec<_>>(),
            "size": sizes,
            "role": role,
            "dimension": dimension,
            "value": value,
            "status": statuses,
            "extension": {
                "release": self.about.release,
                "licences": &self.about.licences[..],
                "status": {"label": status_labels},
                "qualifier": qualifiers,
                "qualifier_label": qualifier_labels,
            },
        }))
    }
}

/// The sizes of a cube, with the names of its dimensions.
fn factors(sizes: &[usize]) -> String {
    let named: Vec<String> = dimensions().zip(sizes).map(|(one, size)| format!("{size} {}", one.dimension())).collect();
    named.join(" × ")
}

impl RowWriter for JsonStatWriter {
    fn begin(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, _: &mut dyn Write, row: RowView<'_>) -> io::Result<()> {
        self.rows.push(row.cells().collect());
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, &self.cube()?)?;
        out.write_all(b"\n")
    }
}
