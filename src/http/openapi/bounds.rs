//! Owns the default limits of the OpenAPI document: a schema without limits gets those that the service enforces on every
//! request and response.
//! Must not know any one path or schema.

use serde_json::{Map, Value, json};

use crate::publish::RECORD_BYTES;
use crate::query::pairs::QUERY_LENGTH;
use crate::query::plan::selection::LIST_VALUES;

/// The longest head of a request, in bytes: actix-http refuses one that is incomplete after half as many.
const MAX_HEAD_BYTES: usize = 2 * 131_072;

/// The longest header of a response, in bytes: the address of another page, whose every byte may be percent-encoded.
const MAX_HEADER_BYTES: usize = 4 * QUERY_LENGTH;

/// Query values: no control characters, which the parser refuses.
pub const NO_CONTROLS: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

/// Texts in responses: no NUL, which Postgres refuses.
const NO_NUL: &str = r"^[^\u0000]*$";

/// Request headers: no control characters (RFC 9110, section 5.5).
const FIELD_VALUE: &str = r"^[^\u0000-\u0008\u000a-\u001f\u007f]*$";

/// Response headers: visible ASCII, spaces and tabs.
const VISIBLE_ASCII: &str = r"^[\t -~]*$";

/// The place of a schema, which decides its default limits.
#[derive(Clone, Copy)]
enum SchemaPlace {
    /// A response body: a text is at most one published record.
    Response,
    /// The query: a text is at most the whole query.
    Query,
    /// A request header.
    RequestHeader,
    /// A response header.
    ResponseHeader,
}

impl SchemaPlace {
    fn text(self) -> (usize, &'static str) {
        match self {
            SchemaPlace::Response => (RECORD_BYTES, NO_NUL),
            SchemaPlace::Query => (QUERY_LENGTH, NO_CONTROLS),
            SchemaPlace::RequestHeader => (MAX_HEAD_BYTES, FIELD_VALUE),
            SchemaPlace::ResponseHeader => (MAX_HEADER_BYTES, VISIBLE_ASCII),
        }
    }

    /// The most values of a list. In a published record, each value takes at least a character and a separator.
    fn list(self) -> usize {
        match self {
            SchemaPlace::Response => RECORD_BYTES / 2,
            SchemaPlace::Query | SchemaPlace::RequestHeader | SchemaPlace::ResponseHeader => LIST_VALUES,
        }
    }
}

/// Adds default limits.
pub fn complete(document: &mut Value) {
    walk(document, SchemaPlace::Response);
}

fn walk(value: &mut Value, place: SchemaPlace) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| walk(one, place)),
        Value::Object(object) => {
            bound(object, place);
            for (name, inner) in object.iter_mut() {
                match name.as_str() {
                    "example" | "examples" | "enum" | "default" | "const" => {}
                    "properties" | "schemas" | "patternProperties" => each(inner, |schema| walk(schema, place)),
                    "parameters" => each(inner, |one| {
                        walk(one, if one["in"] == "header" { SchemaPlace::RequestHeader } else { SchemaPlace::Query })
                    }),
                    "responses" => each(inner, |response| walk(response, SchemaPlace::Response)),
                    "headers" => each(inner, |header| walk(header, SchemaPlace::ResponseHeader)),
                    "content" => {
                        let Value::Object(content) = inner else { continue };
                        for (media_type, content) in content {
                            match is_structured(media_type) {
                                true => walk(content, place),
                                // Bytes of a media type are no JSON strings, and have no limit.
                                false => content["schema"] = json!({"contentMediaType": media_type}),
                            }
                        }
                    }
                    _ => walk(inner, place),
                }
            }
        }
        _ => {}
    }
}

fn each(value: &mut Value, mut act: impl FnMut(&mut Value)) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(act),
        Value::Object(all) => all.values_mut().for_each(&mut act),
        _ => {}
    }
}

/// Adds the limits that a schema lacks.
fn bound(schema: &mut Map<String, Value>, place: SchemaPlace) {
    let kinds = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind.clone()],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return,
    };
    let is = |kind: &str| kinds.iter().any(|one| one == kind);
    if is("array") {
        schema.entry("maxItems").or_insert(json!(place.list()));
    }
    if is("integer") {
        schema.entry("format").or_insert(json!("int64"));
        let (minimum, maximum) = match schema.get("format").and_then(Value::as_str) {
            Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        schema.entry("minimum").or_insert(json!(minimum));
        schema.entry("maximum").or_insert(json!(maximum));
    }
    if is("string") && !schema.contains_key("enum") && !schema.contains_key("const") {
        let (most, pattern) = place.text();
        let length = match schema.get("format").and_then(Value::as_str) {
            Some("date") => "2019-06-30".len(),
            Some("date-time") => "2026-03-01T08:00:00.000000000+00:00".len(),
            _ => most,
        };
        if !schema.contains_key("format") {
            schema.entry("pattern").or_insert(json!(pattern));
        }
        schema.entry("maxLength").or_insert(json!(length));
    }
}

/// Whether the schema of a body describes its structure: JSON, or a form.
fn is_structured(media_type: &str) -> bool {
    media_type.contains("json") && !media_type.contains("ndjson") || media_type.starts_with("multipart/")
}
