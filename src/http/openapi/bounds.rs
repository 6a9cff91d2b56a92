//! Owns the default limits of the OpenAPI document: a schema without limits gets those that the service enforces on every
//! request and response. Also owns the headers of every response.
//! Must not know any one path or schema.

use serde_json::{Map, Value, json};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{OpenApi, RefOr, Schema};

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

/// Rate limit headers: the policies of the client and of its key, with `;` before each parameter.
const RATE_LIMIT_POLICIES: &str = r#"^"[a-z]+"(;[a-z]=[0-9]+)+(, "[a-z]+"(;[a-z]=[0-9]+)+)*$"#;

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

/// Adds default limits, and the headers of every response.
pub fn complete(document: &OpenApi) -> OpenApi {
    let mut whole = serde_json::to_value(document).expect("a document serialises");
    if let Some(responses) = whole.pointer_mut("/components/responses") {
        add_headers(responses);
    }
    walk(&mut whole, SchemaPlace::Response);
    let mut document = serde_json::from_value(whole).expect("the document is made here");
    mark_binary(&mut document);
    document
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
                    "responses" => {
                        add_headers(inner);
                        each(inner, |response| walk(response, SchemaPlace::Response));
                    }
                    "headers" => each(inner, |header| walk(header, SchemaPlace::ResponseHeader)),
                    "content" => {
                        let Value::Object(content) = inner else { continue };
                        let structured = content.iter_mut().filter(|(media_type, _)| is_structured(media_type));
                        structured.for_each(|(_, content)| walk(content, place));
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

/// Describes bodies other than JSON as bytes of their media type, since they are no JSON strings and have no limit.
fn mark_binary(document: &mut OpenApi) {
    let operations = document.paths.paths.values_mut().filter_map(|item| item.get.as_mut());
    for response in operations.flat_map(|operation| operation.responses.responses.values_mut()) {
        let RefOr::T(response) = response else { continue };
        for (media_type, content) in response.content.iter_mut().filter(|(name, _)| !is_structured(name)) {
            let RefOr::T(content) = content else { continue };
            if let Some(RefOr::T(Schema::Object(schema))) = &mut content.schema {
                schema.schema_type = SchemaType::AnyValue;
                schema.content_media_type = media_type.clone();
            }
        }
    }
}

/// Adds the headers of every response.
fn add_headers(responses: &mut Value) {
    each(responses, |response| {
        let Value::Object(response) = response else { return };
        if response.contains_key("$ref") {
            return;
        }
        let headers = response.entry("headers").or_insert_with(|| json!({}));
        for (name, header) in common_headers() {
            headers[name] = header;
        }
    });
}

fn common_headers() -> [(&'static str, Value); 3] {
    let header = |description: &str, schema: Value| json!({"description": description, "schema": schema});
    let limit = json!({"type": "string", "pattern": RATE_LIMIT_POLICIES, "maxLength": 200});
    [
        (
            "Access-Control-Allow-Origin",
            header("Scripts of every origin may read the response.", json!({"type": "string", "enum": ["*"]})),
        ),
        ("RateLimit-Policy", header("The rate limit, if the client has one: `q` requests in `w` seconds.", limit.clone())),
        ("RateLimit", header("What is left of the rate limit: `r` requests; the full quota is back in `t` seconds.", limit)),
    ]
}
