//! Owns the parameters that operations share: each is described once, under a name of its own.
//! Must not know what a parameter means.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::names;

/// The parameters of the document.
pub struct SharedParameters {
    /// The name of each description, by its text.
    names: BTreeMap<String, String>,
    /// The descriptions, by their names.
    pub components: BTreeMap<String, Value>,
}

impl SharedParameters {
    /// Names descriptions. Each comes with the schema of the rows that it belongs to. Of several descriptions of one
    /// parameter, the one that most rows share has the plain name; the others are named after their rows.
    ///
    /// # Panics
    /// Panics if two descriptions get one name.
    pub fn of(all: impl IntoIterator<Item = (String, Value)>) -> Self {
        let mut owners: BTreeMap<(String, String), (Value, BTreeSet<String>)> = BTreeMap::new();
        for (owner, described) in all {
            let key = (component_name(&described), described.to_string());
            owners.entry(key).or_insert_with(|| (described, BTreeSet::new())).1.insert(owner);
        }
        let mut widest: BTreeMap<&str, usize> = BTreeMap::new();
        for ((name, _), (_, rows)) in &owners {
            let most = widest.entry(name).or_default();
            *most = (*most).max(rows.len());
        }
        let mut shared = Self { names: BTreeMap::new(), components: BTreeMap::new() };
        for ((name, text), (described, rows)) in &owners {
            let plain = rows.len() > 1 && widest.get(name.as_str()) == Some(&rows.len()) && !shared.components.contains_key(name);
            let own = rows.first().filter(|_| !plain);
            let name = own.map_or_else(|| name.clone(), |own| format!("{name}Of{own}"));
            let other = shared.components.insert(name.clone(), described.clone());
            assert!(other.is_none(), "two parameters have the name {name}");
            shared.names.insert(text.clone(), name);
        }
        shared
    }

    /// The reference to a description.
    ///
    /// # Panics
    /// Panics if it was not among those that were named.
    pub fn refer(&self, described: &Value) -> Value {
        let name = self.names.get(&described.to_string()).expect("every parameter of an operation is named");
        json!({"$ref": format!("#/components/parameters/{name}")})
    }
}

/// The name of a parameter among the components.
fn component_name(described: &Value) -> String {
    let name = described["name"].as_str().unwrap_or_default();
    match (name, described["in"].as_str()) {
        ("q", _) => "Search".to_owned(),
        (_, Some("path")) => format!("{}InPath", names::pascal(name)),
        _ => names::pascal(name),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::SharedParameters;

    #[test]
    fn what_most_rows_share_has_the_plain_name() {
        let limit = |most: i64| json!({"name": "limit", "in": "query", "schema": {"maximum": most}});
        let shared = SharedParameters::of([
            ("Actor".to_owned(), limit(10)),
            ("Event".to_owned(), limit(10)),
            ("Measure".to_owned(), limit(20)),
            ("Measure".to_owned(), json!({"name": "measure_code", "in": "path"})),
        ]);
        let names: Vec<&str> = shared.components.keys().map(String::as_str).collect();
        assert_eq!(names, ["Limit", "LimitOfMeasure", "MeasureCodeInPathOfMeasure"]);
        assert_eq!(shared.refer(&limit(20)), json!({"$ref": "#/components/parameters/LimitOfMeasure"}));
    }
}
