//! Owns the description of validators and of `Cache-Control`, shared by all operations that have them.
//! Must not know which operations exist.

use serde_json::{Value, json};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Ref, RefOr, Response};

/// The name of the shared 304 response.
pub const NOT_MODIFIED: &str = "Unchanged";

/// The name of the shared parameter `If-None-Match`.
pub const IF_NONE_MATCH: &str = "IfNoneMatch";

const STATUS: &str = "304";

fn headers() -> Value {
    json!({
        "ETag": {
            "description": "The strong validator of the response: send it in `If-None-Match`.",
            "schema": {"type": "string"},
        },
        "Release-Number": {
            "description": "The number of the release that was read; absent if none was.",
            "schema": {"type": "integer", "minimum": 1},
        },
        "Cache-Control": {
            "description": "How long caches may store the response: a day if the request names its release, whose rows and values never change; else ten seconds.",
            "schema": {"type": "string"},
        },
    })
}

/// The shared response.
pub fn response() -> Value {
    json!({"description": "The client has the current response.", "headers": headers()})
}

/// The shared parameter.
pub fn parameter() -> Value {
    json!({
        "name": "If-None-Match",
        "in": "header",
        "required": false,
        "description": "The `ETag` of a response that the client has, or several separated by commas: 304 if one is current.",
        "schema": {"type": "string"},
    })
}

/// Adds validators to an operation.
pub fn describe(operation: &mut Operation) {
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") {
        let mut whole = serde_json::to_value(&*response).expect("a description is valid JSON");
        if let (Some(own), Value::Object(more)) = (whole.as_object_mut(), headers()) {
            let all = own.entry("headers").or_insert_with(|| json!({}));
            all.as_object_mut().expect("headers have names").extend(more);
        }
        *response = serde_json::from_value::<Response>(whole).expect("the description is made here");
    }
    let not_modified = RefOr::Ref(Ref::from_response_name(NOT_MODIFIED));
    operation.responses.responses.entry(STATUS.to_owned()).or_insert(not_modified);
    let mut whole = serde_json::to_value(&*operation).expect("a description is valid JSON");
    let parameters = whole.as_object_mut().map(|own| own.entry("parameters").or_insert_with(|| json!([])));
    if let Some(Value::Array(all)) = parameters
        && !all.iter().any(|one| one["name"] == "If-None-Match")
    {
        all.push(json!({"$ref": format!("#/components/parameters/{IF_NONE_MATCH}")}));
    }
    *operation = serde_json::from_value(whole).expect("the description is made here");
}
