//! Owns problem documents (RFC 9457): the body and the headers of every response that is an error, of a handler or of
//! actix-web.
//! Must not know what is requested.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};

use super::request_id::RequestId;
use crate::http::response::error_response::PROBLEM;
use crate::problem::{Kind, Problem, echo};

/// `WWW-Authenticate` of a 401.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer");

/// `Retry-After` of a 503, in seconds, if the problem does not say more.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// `Retry-After` of a 429, in seconds. A rate limit replaces it by its own.
const RETRY_LATER: HeaderValue = HeaderValue::from_static("5");

/// Makes the response a problem document, if it is an error. `base` stands before the address of its type.
pub fn write_problem(response: &mut HttpResponse, path: &str, id: &RequestId, base: &str) {
    let attached = response.extensions_mut().remove::<Problem>();
    let Some(problem) = attached.or_else(|| problem_of_status(response.status(), path)) else { return };
    let mut problem = problem.at(base);
    problem.request_id = Some(id.as_str().into());
    let body = BoxBody::new(problem.body());
    let mut document = HttpResponse::new(problem.status_code()).set_body(body);
    if let Some(value) = response.headers_mut().remove(header::ALLOW).next() {
        document.headers_mut().insert(header::ALLOW, value);
    }
    let headers = document.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match problem.kind() {
        Kind::Unavailable | Kind::Overloaded => {
            headers.insert(header::RETRY_AFTER, problem.retry_after.map_or(RETRY_AFTER, HeaderValue::from))
        }
        Kind::TooManyRequests => headers.insert(header::RETRY_AFTER, RETRY_LATER),
        Kind::Unauthenticated => headers.insert(header::WWW_AUTHENTICATE, CHALLENGE),
        _ => return *response = document,
    };
    *response = document;
}

/// The problem for an error status that actix-web sets by itself.
fn problem_of_status(status: StatusCode, path: &str) -> Option<Problem> {
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let kind = Kind::ALL.iter().copied().find(|kind| kind.status() == status.as_u16());
    Some(match kind {
        Some(kind) if status.is_client_error() => Problem::new(kind, format!("The request for {} cannot be served.", echo(path))),
        None if status.is_client_error() => Problem::new(Kind::MalformedRequest, "The request cannot be read."),
        _ => Problem::internal(),
    })
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody;
    use actix_web::http::header::HeaderMap;

    use super::*;

    fn document(mut response: HttpResponse) -> (HeaderMap, serde_json::Value) {
        write_problem(&mut response, "/v1/x", &RequestId::of(&HeaderMap::new()), "https://x.example");
        let headers = response.headers().clone();
        let body = response.into_body().try_into_bytes().expect("the body is whole");
        (headers, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[test]
    fn a_status_of_the_framework_gets_a_problem_document() {
        let (headers, body) = document(HttpResponse::NotFound().insert_header(("x-other", "1")).finish());
        assert_eq!((&body["type"], &body["status"]), (&"https://x.example/problems/unknown-resource".into(), &404.into()));
        assert_eq!(body["detail"], "The request for /v1/x cannot be served.");
        assert_eq!(headers.get("x-other"), None);
        let (_, body) = document(HttpResponse::ImATeapot().finish());
        assert_eq!(body["type"], "https://x.example/problems/malformed-request");
        let (_, body) = document(HttpResponse::BadGateway().finish());
        assert_eq!(body["type"], "https://x.example/problems/internal-error");
    }

    #[test]
    fn a_problem_keeps_the_headers_that_belong_to_it() {
        let mut response = Problem::new(Kind::Unavailable, "x").into_response();
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
        let (headers, body) = document(response);
        assert_eq!(body["request_id"].as_str().map(str::len), Some(17));
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        assert_eq!((text("allow"), text("retry-after"), text("cache-control")), (Some("GET"), Some("1"), Some("no-store")));
        let (headers, _) = document(Problem::new(Kind::Unauthenticated, "x").into_response());
        assert_eq!(headers.get(header::WWW_AUTHENTICATE), Some(&CHALLENGE));
    }

    #[test]
    fn any_other_response_stays() {
        for status in [StatusCode::OK, StatusCode::NOT_MODIFIED, StatusCode::PERMANENT_REDIRECT] {
            let (headers, body) = document(HttpResponse::build(status).insert_header(("x-other", "1")).finish());
            assert!(headers.contains_key("x-other") && body.is_null(), "{status}");
        }
    }
}
