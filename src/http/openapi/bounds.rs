//! Owns the outermost limits of the OpenAPI document: wherever a description says none of its own, what a request or an
//! answer can hold at most, from what is refused beyond; and the headers that every answer has.
//! Must not know any one address or schema.

use serde_json::{Map, Value, json};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{OpenApi, RefOr, Schema};

use crate::publish::RECORD_BYTES;
use crate::query::pairs::QUERY_LENGTH;
use crate::query::plan::selection::LIST_VALUES;

/// No head of a request is longer, in bytes: the framework refuses one that is not whole after half as many.
const HEAD: usize = 2 * 131_072;

/// The longest header of an answer, in bytes: the address of another page, which is a query whose every byte is encoded.
const HEADER: usize = 4 * QUERY_LENGTH;

/// Texts of requests, as the strict reading of them has it: no control characters.
pub const NO_CONTROLS: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

/// Published texts: no NUL.
const NO_NUL: &str = r"^[^\u0000]*$";

/// Header values of requests: no control characters (RFC 9110, 5.5).
const OF_A_LINE: &str = r"^[^\u0000-\u0008\u000a-\u001f\u007f]*$";

/// Header values of answers: ASCII that can be seen, and spaces.
const VISIBLE: &str = r"^[\t -~]*$";

/// Headers of limits: the policies of the client and of its key, `;` before each parameter.
const POLICIES: &str = r#"^"[a-z]+"(;[a-z]=[0-9]+)+(, "[a-z]+"(;[a-z]=[0-9]+)+)*$"#;

/// The side that a schema describes.
#[derive(Clone, Copy)]
enum Side {
    /// A text comes from one published record, or is shorter.
    Answer,
    /// A text is a part of the query.
    Request,
    /// A text is a part of the head.
    RequestHead,
    /// A text is a header.
    AnswerHead,
}

impl Side {
    fn text(self) -> (usize, &'static str) {
        match self {
            Side::Answer => (RECORD_BYTES, NO_NUL),
            Side::Request => (QUERY_LENGTH, NO_CONTROLS),
            Side::RequestHead => (HEAD, OF_A_LINE),
            Side::AnswerHead => (HEADER, VISIBLE),
        }
    }

    /// The most values of a list: of a published one, each is a character and a separator at least.
    fn list(self) -> usize {
        match self {
            Side::Answer => RECORD_BYTES / 2,
            Side::Request | Side::RequestHead | Side::AnswerHead => LIST_VALUES,
        }
    }
}

/// Completes a document: limits where there are none, and the headers of every answer.
pub fn complete(document: &OpenApi) -> OpenApi {
    let mut whole = serde_json::to_value(document).expect("a document serialises");
    if let Some(responses) = whole.pointer_mut("/components/responses") {
        dress(responses);
    }
    walk(&mut whole, Side::Answer);
    let mut document = serde_json::from_value(whole).expect("the document is made here");
    plain(&mut document);
    document
}

fn walk(value: &mut Value, side: Side) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| walk(one, side)),
        Value::Object(object) => {
            bound(object, side);
            for (name, inner) in object.iter_mut() {
                match name.as_str() {
                    "example" | "examples" | "enum" | "default" | "const" => {}
                    "properties" | "schemas" | "patternProperties" => each(inner, |schema| walk(schema, side)),
                    "parameters" => {
                        each(inner, |one| walk(one, if one["in"] == "header" { Side::RequestHead } else { Side::Request }))
                    }
                    "responses" => {
                        dress(inner);
                        each(inner, |response| walk(response, Side::Answer));
                    }
                    "headers" => each(inner, |header| walk(header, Side::AnswerHead)),
                    "content" => {
                        let Value::Object(content) = inner else { continue };
                        let structured = content.iter_mut().filter(|(media_type, _)| is_structured(media_type));
                        structured.for_each(|(_, content)| walk(content, side));
                    }
                    _ => walk(inner, side),
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

/// Says of a schema what its side admits at most.
fn bound(schema: &mut Map<String, Value>, side: Side) {
    let kinds = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind.clone()],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return,
    };
    let is = |kind: &str| kinds.iter().any(|one| one == kind);
    if is("array") {
        schema.entry("maxItems").or_insert(json!(side.list()));
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
        let (most, pattern) = side.text();
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

/// Whether a body is JSON, or a form of several parts, whose schemas hold.
fn is_structured(media_type: &str) -> bool {
    media_type.contains("json") && !media_type.contains("ndjson") || media_type.starts_with("multipart/")
}

/// Files and pages are bytes of their media type, as many as there are, and no text of JSON.
fn plain(document: &mut OpenApi) {
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

/// Adds the headers of every answer.
fn dress(responses: &mut Value) {
    each(responses, |response| {
        let Value::Object(response) = response else { return };
        if response.contains_key("$ref") {
            return;
        }
        let headers = response.entry("headers").or_insert_with(|| json!({}));
        for (name, header) in every() {
            headers[name] = header;
        }
    });
}

fn every() -> [(&'static str, Value); 3] {
    let header = |description: &str, schema: Value| json!({"description": description, "schema": schema});
    let limit = json!({"type": "string", "pattern": POLICIES, "maxLength": 200});
    [
        ("Access-Control-Allow-Origin", header("Scripts of every origin may read.", json!({"type": "string", "enum": ["*"]}))),
        (
            "RateLimit-Policy",
            header("What may be asked, where the client is counted: `q` requests in `w` seconds.", limit.clone()),
        ),
        ("RateLimit", header("What is left of it: `r` requests; in `t` seconds all are back.", limit)),
    ]
}
