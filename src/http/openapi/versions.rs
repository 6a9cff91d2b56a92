//! Owns the description of `/v1/{dataset}/{code}/history`: the operation, and the schema of one version.
//! Must not know any one dataset.

use serde_json::{Value, json};
use utoipa::openapi::path::Operation;

use super::{operations, schemas};
use crate::http::handlers::history::PARAMETERS;
use crate::query::Context;

/// The name of the schema of a version.
pub fn schema_name(context: Context) -> String {
    format!("{}Version", schemas::row_name(context.dataset, &[]))
}

/// The schema of a version: the fields of the row, and the releases that opened and closed the version.
pub fn schema(context: Context) -> Value {
    let mut schema = schemas::row(context);
    let mut closed_by = release(
        json!({
            "withdrawn": {"type": "boolean", "description": "Whether it withdrew the row rather than changed it."},
            "reason": {"type": ["string", "null"], "description": "Why the row was withdrawn, in French; the title of the release if no reason was recorded."},
            "successor_code": {"type": ["string", "null"], "description": "The code of the row that replaces it."},
        }),
        json!(["release", "published_at", "title", "withdrawn", "reason", "successor_code"]),
    );
    closed_by["type"] = json!(["object", "null"]);
    closed_by["description"] = json!("The release that closed the version; null while it is current.");
    let mut opened_by = release(json!({}), json!(["release", "published_at", "title"]));
    opened_by["description"] = json!("The release that opened the version.");
    schema["properties"]["opened_by"] = opened_by;
    schema["properties"]["closed_by"] = closed_by;
    schema["properties"]["changed"] = json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "field": {"type": "string", "description": "The name of the field.", "examples": ["value"]},
                "before": {"description": "Its value in the version before, of the type of the field."},
                "after": {"description": "Its value in this version, of the type of the field."},
            },
            "required": ["field", "before", "after"],
        },
        "description": "The fields that differ from the version before, with both values; empty for the first version.",
    });
    schema["required"] = json!(["opened_by", "closed_by", "changed"]);
    schema
}

/// The schema of a release, with further properties.
fn release(more: Value, required: Value) -> Value {
    let mut properties = json!({
        "release": {"type": "integer", "minimum": 1, "description": "The number of the release."},
        "published_at": {"type": "string", "format": "date-time", "description": "When it was published."},
        "title": {"type": "string", "description": "Its title, in French."},
    });
    if let (Some(all), Value::Object(more)) = (properties.as_object_mut(), more) {
        all.extend(more);
    }
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// The operation.
pub fn operation(context: Context) -> Operation {
    let text = "Every version of the row up to the release, the newest first, also of a withdrawn row: its fields, which of them changed, and the releases that opened and closed the version.";
    operations::below(context, "history", text, &PARAMETERS, &schema_name(context))
}
