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

/// The one category of each dimension of a cube without rows: « not applicable » in the code lists of SDMX. Programs cannot read a
/// cube of zero cells.
const NOTHING: (&str, &str) = ("_Z", "sans objet");

/// What the cube says of itself for readers, in French.
const NOTES: &str = "Une case sans valeur ni statut n’a pas été publiée. Les réserves (« près de », « plus de »), les arrondis et les notes \
    des valeurs sont dans `extension`, à la position de leur case.";

/// What a cube without rows says.
const NO_ROWS: &str = "Aucune observation ne répond à la requête : la seule case est vide.";

/// What a place of the cube has besides its value and its status, each with its member of `extension`. JSON-stat has no member for them.
const ATTRIBUTES: [(&str, &str); 3] = [("qualifier", "qualifier"), ("rounding", "rounding"), ("note", "note")];

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
        let all: Vec<String> = all.into_iter().map(|(_, code)| code.to_owned()).collect();
        if all.is_empty() { vec![NOTHING.0.to_owned()] } else { all }
    }

    fn dimension(&self, dimension: &Component, categories: &[String]) -> Value {
        let column = dimension.field;
        let mut category = json!({"index": categories});
        let facts = |fact: &str| -> BTreeMap<&str, &str> {
            let pair = |row| Some((self.cell(row, column)?, self.cell(row, fact)?));
            self.rows.iter().filter_map(pair).collect()
        };
        let mut labels = dimension.label_column().map(|name| facts(&name)).unwrap_or_default();
        if self.rows.is_empty() {
            labels.insert(NOTHING.0, NOTHING.1);
        }
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
        let (mut values, mut statuses, mut attributes) = (BTreeMap::new(), Map::new(), ATTRIBUTES.map(|_| Map::new()));
        let (mut status_labels, mut qualifier_labels) = (BTreeMap::new(), BTreeMap::new());
        for row in &self.rows {
            let place = dimensions()
                .zip(&places)
                .zip(&sizes)
                .try_fold(0, |place, ((one, places), size)| Some(place * size + *places.get(self.cell(row, one.field)?)?));
            let Some(place) = place else { continue };
            let value = self.cell(row, "value").and_then(|text| text.parse::<serde_json::Number>().ok());
            let is_empty = value.is_none();
            values.insert(place, value.map_or(Value::Null, Value::Number));
            if let Some(given) = self.cell(row, STATUSES) {
                let status = serde_json::from_str::<Vec<String>>(given)?.join(",");
                if status != "A" || is_empty {
                    statuses.insert(place.to_string(), json!(status));
                    let labels: Vec<Option<String>> = serde_json::from_str(self.cell(row, "statuses_labels").unwrap_or("[]"))?;
                    status_labels.insert(status, labels.into_iter().flatten().collect::<Vec<_>>().join(", "));
                }
            }
            for ((column, _), places) in ATTRIBUTES.iter().zip(&mut attributes) {
                if let Some(text) = self.cell(row, column).filter(|text| *text != "exact") {
                    let number = (*column == "rounding").then(|| text.parse::<serde_json::Number>().ok()).flatten();
                    places.insert(place.to_string(), number.map_or_else(|| json!(text), Value::Number));
                }
            }
            if let (Some(qualifier), Some(label)) = (self.cell(row, "qualifier"), self.cell(row, "qualifier_label")) {
                qualifier_labels.insert(qualifier, label);
            }
        }
        let value = match values.len() * 2 >= cells || self.rows.is_empty() {
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
        let mut extension = json!({
            "release": self.about.release,
            "licences": &self.about.licences[..],
            "pinned": self.about.pinned,
            "rows": self.rows.len(),
            "status": {"label": status_labels},
            "qualifier_label": qualifier_labels,
        });
        for ((_, member), places) in ATTRIBUTES.iter().zip(attributes) {
            extension[*member] = Value::Object(places);
        }
        let mut cube = json!({
            "version": "2.0",
            "class": "dataset",
            "label": self.about.dataset.title,
            "source": sources.into_iter().collect::<Vec<_>>().join(" ; "),
            "updated": self.about.published_at,
            "note": if self.rows.is_empty() { [NO_ROWS] } else { [NOTES] },
            "id": dimensions().map(Component::dimension).collect::<Vec<_>>(),
            "size": sizes,
            "role": role,
            "dimension": dimension,
            "value": value,
            "status": statuses,
            "extension": extension,
        });
        // The standard wants a whole address, with scheme and host.
        if self.about.pinned.contains("://") {
            cube["href"] = json!(self.about.pinned);
        }
        Ok(cube)
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
