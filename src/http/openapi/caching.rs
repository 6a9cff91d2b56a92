//! Owns the description of validators and of what caches are told, the same for every address that has them.
//! Must not know which addresses there are.

use serde_json::{Value, json};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Ref, RefOr, Response};

/// The name of the shared answer to whoever has what is asked for.
pub const NOT_MODIFIED: &str = "Unchanged";

/// The name of the shared parameter that says what the client has.
pub const IF_NONE_MATCH: &str = "IfNoneMatch";

const STATUS: &str = "304";

fn headers() -> Value {
    json!({
        "ETag": {
            "description": "Strong validator of these very bytes: send it back in `If-None-Match`.",
            "schema": {"type": "string"},
        },
        "Cache-Control": {
            "description": "How long the answer may be kept: for ever at an address with its release, for a moment at others.",
            "schema": {"type": "string"},
        },
    })
}

/// The shared answer.
pub fn response() -> Value {
    json!({"description": "The client has it already: nothing has changed since.", "headers": headers()})
}

/// The shared parameter.
pub fn parameter() -> Value {
    json!({
        "name": "If-None-Match",
        "in": "header",
        "required": false,
        "description": "The `ETag` of an answer that the client has, or several separated by commas: 304 when one still holds.",
        "schema": {"type": "string"},
    })
}

/// Adds validators to the description of what is read at an address.
pub fn describe(operation: &mut Operation) {
    if let Some(RefOr::T(found)) = operation.responses.responses.get_mut("200") {
        let mut whole = serde_json::to_value(&*found).expect("a description serialises");
        if let (Some(own), Value::Object(more)) = (whole.as_object_mut(), headers()) {
            let all = own.entry("headers").or_insert_with(|| json!({}));
            all.as_object_mut().expect("headers have names").extend(more);
        }
        *found = serde_json::from_value::<Response>(whole).expect("the description is made here");
    }
    let unchanged = RefOr::Ref(Ref::from_response_name(NOT_MODIFIED));
    operation.responses.responses.entry(STATUS.to_owned()).or_insert(unchanged);
    let mut whole = serde_json::to_value(&*operation).expect("a description serialises");
    let parameters = whole.as_object_mut().map(|own| own.entry("parameters").or_insert_with(|| json!([])));
    if let Some(Value::Array(all)) = parameters
        && !all.iter().any(|one| one["name"] == "If-None-Match")
    {
        all.push(json!({"$ref": format!("#/components/parameters/{IF_NONE_MATCH}")}));
    }
    *operation = serde_json::from_value(whole).expect("the description is made here");
}
