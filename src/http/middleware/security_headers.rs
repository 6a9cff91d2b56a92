//! Owns the headers that every answer has: what scripts of other origins may read, and what browsers may do with it.
//! `Strict-Transport-Security` is not among them: whether there is TLS is known by whoever ends it, the proxy.
//! Must not know what is answered.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

/// The headers that scripts of other origins may read, besides those that they always may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ETag, Link, X-Request-Id, Retry-After, X-Release, X-Total-Rows, Content-Disposition, Content-Location, \
    Location, Publication-Id, Accept-Ranges, Content-Range, Repr-Digest, RateLimit, RateLimit-Policy, Cache-Status, Server-Timing",
);

/// How long a browser may remember that it may read, in seconds.
const REMEMBERED: &str = "86400";

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const EVERY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
const NO_SNIFFING: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const CROSS_ORIGIN: HeaderValue = HeaderValue::from_static("cross-origin");

/// What data may do in a browser: nothing.
const INERT: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// What a page of the service's own may do: look as it says.
const PAGE: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What the documentation may do: run its own scripts, which ask this service.
const DOCUMENTATION: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Adds the headers.
pub fn add_security_headers(headers: &mut HeaderMap, path: &str) {
    let html = headers.get(header::CONTENT_TYPE).is_some_and(|media_type| media_type.as_bytes().starts_with(b"text/html"));
    let policy = match html {
        true if path.starts_with("/docs") => DOCUMENTATION,
        true => PAGE,
        false => INERT,
    };
    let every = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, EVERY_ORIGIN),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED),
        (header::X_CONTENT_TYPE_OPTIONS, NO_SNIFFING),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, NO_REFERRER),
        (RESOURCE_POLICY, CROSS_ORIGIN),
    ];
    for (name, value) in every {
        headers.insert(name, value);
    }
}

/// Answers OPTIONS: what may be done here, and, whoever asks from another origin, that it may be read. A key is no
/// browser's business: `*` admits every header but `Authorization`.
pub fn options(request: &HttpRequest, allowed: &'static str) -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
    if request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(REMEMBERED));
    }
    response
}
