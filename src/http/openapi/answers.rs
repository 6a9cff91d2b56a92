//! Owns the schemas and examples of whole answers: a page of rows, one row, the versions of a row.
//! Must not know any one dataset, nor which operation gives which.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::{Map, Value, json};

use super::{names, schemas};
use crate::http::response::envelope::{Links, Meta};
use crate::query::plan::reading::MAXIMUM_LIMIT;
use crate::query::{Context, Dataset, Release};

/// The name of the schema of related rows.
const INCLUDED: &str = "Included";

/// The name of the schema of what a version has besides the fields of its row.
const VERSION_FACTS: &str = "VersionFacts";

/// The release of the examples: its number, and when it was published in seconds since 1970.
const RELEASE: (i32, i64) = (3, 1_764_547_200);

/// The name of the schema of a page.
pub fn page_name(row: &str) -> String {
    format!("{row}Page")
}

/// The name of the schema of one row in its envelope.
pub fn item_name(row: &str) -> String {
    format!("{row}Item")
}

/// The name of the schema of a version of a row.
pub fn version_name(context: Context) -> String {
    format!("{}Version", names::row(context.dataset, &[]))
}

/// The schemas of a list and of its rows, by name.
pub fn of_list(context: Context) -> Vec<(String, Value)> {
    let name = names::listed(context);
    vec![(page_name(&name), page(&name)), (name, schemas::row(context))]
}

/// The schema of one row in its envelope, by name.
pub fn of_item(context: Context) -> (String, Value) {
    let name = names::row(context.dataset, context.extra);
    (item_name(&name), envelope(&json!({"$ref": names::schema_reference(&name)})))
}

/// The schemas of the versions of a row, by name: the fields of the row, and the releases that opened and closed the version.
pub fn of_history(context: Context) -> Vec<(String, Value)> {
    let (name, row) = (version_name(context), names::row(context.dataset, &[]));
    let parts = [row.as_str(), VERSION_FACTS].map(|part| json!({"$ref": names::schema_reference(part)}));
    let description = format!("One version of a row of {}.", context.dataset.name);
    vec![
        (page_name(&name), page(&name)),
        (name, json!({"description": description, "allOf": parts})),
        (VERSION_FACTS.to_owned(), version_facts()),
    ]
}

/// The schema of related rows: by dataset, then by code.
pub fn included(registry: &'static [&'static Dataset]) -> (String, Value) {
    let rows = |dataset: &&'static Dataset| {
        let row = json!({"$ref": names::schema_reference(&names::row(dataset, &[]))});
        let text = format!("Rows of {}, by code.", dataset.name);
        (dataset.name.to_owned(), json!({"type": "object", "description": text, "additionalProperties": row}))
    };
    let properties: Map<String, Value> = registry.iter().filter(|dataset| dataset.public).map(rows).collect();
    let text = "Related rows, if the request has `include`: by dataset, then by code.";
    (INCLUDED.to_owned(), json!({"type": "object", "description": text, "properties": properties}))
}

fn page(row: &str) -> Value {
    let one = json!({"$ref": names::schema_reference(row)});
    envelope(&json!({"type": "array", "items": one, "maxItems": MAXIMUM_LIMIT}))
}

fn envelope(data: &Value) -> Value {
    json!({
        "type": "object",
        "properties": {
            "data": data,
            "included": {"$ref": names::schema_reference(INCLUDED)},
            "meta": {"$ref": names::schema_reference("Meta")},
            "links": {"$ref": names::schema_reference("Links")},
        },
        "required": ["data", "meta", "links"],
    })
}

fn version_facts() -> Value {
    let mut closed_by = release(json!({
        "withdrawn": {"type": "boolean", "description": "Whether it withdrew the row rather than changed it."},
        "reason": {"type": ["string", "null"], "description": "Why the row was withdrawn, in French; the title of the release if no reason was recorded."},
        "successor_code": {"type": ["string", "null"], "description": "The code of the row that replaces it."},
    }));
    closed_by["type"] = json!(["object", "null"]);
    closed_by["description"] = json!("The release that closed the version; null while it is current.");
    let mut opened_by = release(json!({}));
    opened_by["description"] = json!("The release that opened the version.");
    json!({
        "type": "object",
        "description": "What a version has besides the fields of its row.",
        "properties": {
            "opened_by": opened_by,
            "closed_by": closed_by,
            "changed": {
                "type": "array",
                "items": {
                    "type": "object",
                    "description": "A field that a version changed.",
                    "properties": {
                        "field": {"type": "string", "description": "The name of the field."},
                        "before": {"description": "Its value in the version before, of the type of the field."},
                        "after": {"description": "Its value in this version, of the type of the field."},
                    },
                    "required": ["field", "before", "after"],
                },
                "description": "The fields that differ from the version before, with both values; empty for the first version.",
            },
        },
        "required": ["opened_by", "closed_by", "changed"],
    })
}

/// The schema of a release, with further properties.
fn release(more: Value) -> Value {
    let mut properties = json!({
        "release": {"type": "integer", "minimum": 1, "description": "The number of the release."},
        "published_at": {"type": "string", "format": "date-time", "description": "When it was published."},
        "title": {"type": "string", "description": "Its title, in French."},
    });
    if let (Some(all), Value::Object(more)) = (properties.as_object_mut(), more) {
        all.extend(more);
    }
    json!({"type": "object", "properties": properties})
}

/// An answer at an address of a dataset, with these data.
pub fn example(context: Context, address: &str, data: &Value) -> Value {
    let published_at = DateTime::from_timestamp(RELEASE.1, 0).unwrap_or_default();
    let release = Release { number: RELEASE.0, published_at };
    let links = Links {
        this: address.to_owned(),
        pinned: format!("{address}{}release={}", if address.contains('?') { '&' } else { '?' }, release.number),
        next: None,
        previous: None,
        collection: None,
        related: BTreeMap::new(),
    };
    json!({"data": data, "meta": Meta::new(context.dataset.name, &release, &["etalab-2.0".to_owned()]), "links": links})
}
