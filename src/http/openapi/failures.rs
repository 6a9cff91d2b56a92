//! Owns the description of failures: one shared response for each status that an operation may answer with.
//! Must not know the types of problems by more than their table.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Ref, RefOr};

use super::schemas;
use crate::http::middleware::rate_limit::LONGEST_WINDOW;
use crate::http::request::paths;
use crate::http::router::Endpoint;
use crate::problem::Kind;
use crate::query::Shape;

/// The problem types that share a response, which bears the name of the first: an operation has one response for a status.
const FAILURES: [&[Kind]; 18] = [
    &[Kind::InvalidParameters, Kind::MalformedRequest],
    &[Kind::Unauthenticated],
    &[Kind::Forbidden],
    &[Kind::UnknownCode, Kind::UnknownResource],
    &[Kind::NotAcceptable],
    &[Kind::RequestTimeout],
    &[Kind::IdempotencyConflict],
    &[Kind::Gone],
    &[Kind::PayloadTooLarge],
    &[Kind::UriTooLong],
    &[Kind::UnsupportedMediaType, Kind::UnsupportedEncoding],
    &[Kind::RangeNotSatisfiable],
    &[Kind::NotAdditive],
    &[Kind::RefusedFiles],
    &[Kind::TooManyRequests],
    &[Kind::HeadTooLarge],
    &[Kind::InternalError],
    &[Kind::Unavailable, Kind::Overloaded],
];

/// The shared responses, by name.
pub fn responses() -> BTreeMap<&'static str, Value> {
    let problem = json!({"application/problem+json": {"schema": {"$ref": schemas::reference("Problem")}}});
    let response = |kinds: &&[Kind]| {
        let descriptions: Vec<&str> = kinds.iter().map(|kind| kind.description()).collect();
        let mut headers = json!({});
        if matches!(kinds[0].status(), 429 | 503) {
            let schema = json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": LONGEST_WINDOW});
            headers["Retry-After"] = json!({"description": "Seconds to wait before the next request.", "schema": schema});
        }
        (kinds[0].name(), json!({"description": descriptions.join(" Or: "), "headers": headers, "content": problem}))
    };
    FAILURES.iter().map(response).collect()
}

/// Adds the failures of a GET or HEAD at an endpoint.
pub fn describe_get(endpoint: &Endpoint, operation: &mut Operation) {
    let path = endpoint.path();
    let collection = match endpoint {
        Endpoint::Collection(context) | Endpoint::Related(_, _, context) => Some(context),
        Endpoint::Item(_) | Endpoint::History(_) | Endpoint::Custom(_) | Endpoint::Post(_) => None,
    };
    let has_history = matches!(endpoint, Endpoint::History(_));
    let needs_key = operation.security.is_some();
    add(operation, |kind| match kind {
        Kind::Unauthenticated => needs_key,
        Kind::Forbidden | Kind::IdempotencyConflict | Kind::UnsupportedMediaType | Kind::RefusedFiles => false,
        Kind::NotAdditive => collection.is_some_and(|context| context.dataset.shape != Shape::Plain),
        Kind::UnknownCode => path.contains('{'),
        Kind::Gone => path.contains("{code}") && !has_history,
        Kind::RangeNotSatisfiable => path.starts_with("/v1/files/"),
        Kind::NotAcceptable => collection.is_some() || path == "/v1/changes",
        Kind::TooManyRequests => !path.starts_with(paths::HEALTH_PREFIX),
        Kind::Unavailable => path.starts_with(paths::DATA_PREFIX) || path == "/health/ready",
        _ => true,
    });
}

/// Adds the failures of a POST.
pub fn describe_post(operation: &mut Operation) {
    add(operation, |kind| {
        !matches!(kind, Kind::NotAdditive | Kind::UnknownCode | Kind::Gone | Kind::RangeNotSatisfiable | Kind::NotAcceptable)
    });
}

fn add(operation: &mut Operation, applies: impl Fn(Kind) -> bool) {
    for kind in FAILURES.iter().map(|kinds| kinds[0]).filter(|kind| applies(*kind)) {
        let reference = Ref::from_response_name(kind.name());
        operation.responses.responses.insert(kind.status().to_string(), RefOr::Ref(reference));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_of_a_response_share_a_status() {
        for kinds in FAILURES {
            assert!(kinds.iter().all(|kind| kind.status() == kinds[0].status()), "{}", kinds[0].name());
        }
    }

    #[test]
    fn every_problem_type_of_a_get_or_a_post_is_described() {
        let described: Vec<Kind> = FAILURES.concat();
        let missing: Vec<&str> = Kind::ALL.iter().filter(|kind| !described.contains(kind)).map(|kind| kind.name()).collect();
        assert_eq!(missing, ["MethodNotAllowed"]);
    }
}
