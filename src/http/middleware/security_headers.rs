//! Owns the headers that every response has: CORS, browser security, the version of the API. `Strict-Transport-Security` is the
//! task of the proxy that terminates TLS.
//! Must not know what is answered.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

/// The headers that scripts of other origins may read, besides the CORS-safelisted ones.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "ETag, Link, X-Request-Id, Retry-After, Release-Number, Total-Count, Content-Disposition, Content-Location, \
    Location, Accept-Ranges, Content-Range, Repr-Digest, RateLimit, RateLimit-Policy, Cache-Status, Server-Timing, \
    Deprecation, Sunset, API-Version",
);

/// How long a browser may cache the answer to a preflight request, in seconds.
const PREFLIGHT_MAX_AGE: &str = "86400";

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const API_VERSION: HeaderName = HeaderName::from_static("api-version");

/// The version of the OpenAPI document.
const VERSION: HeaderValue = HeaderValue::from_static(env!("CARGO_PKG_VERSION"));

const EVERY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
const NO_SNIFFING: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const CROSS_ORIGIN: HeaderValue = HeaderValue::from_static("cross-origin");

/// The policy of data: it may load and run nothing.
const DATA_CSP: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// The policy of a page: it may style itself.
const PAGE_CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The policy of Swagger UI: it may run its own scripts, which may request this service.
const DOCS_CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Adds the headers. `Content-Security-Policy` depends on `Content-Type` and on the path.
///
/// A 304 has no policy: it has no `Content-Type` to tell a page from data, and its headers replace those that the client
/// has stored (RFC 9111, section 4.3.4), so that the policy of data would block a page at its second visit.
pub fn add_security_headers(response: &mut HttpResponse, path: &str) {
    let not_modified = response.status() == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    let html = headers.get(header::CONTENT_TYPE).is_some_and(|media_type| media_type.as_bytes().starts_with(b"text/html"));
    let policy = match html {
        true if path.starts_with("/docs") => DOCS_CSP,
        true => PAGE_CSP,
        false => DATA_CSP,
    };
    let every = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, EVERY_ORIGIN),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS),
        (header::X_CONTENT_TYPE_OPTIONS, NO_SNIFFING),
        (header::REFERRER_POLICY, NO_REFERRER),
        (RESOURCE_POLICY, CROSS_ORIGIN),
        (API_VERSION, VERSION),
    ];
    for (name, value) in every {
        headers.insert(name, value);
    }
    if !not_modified {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Answers OPTIONS with `Allow`, and a preflight request with the permission to read. `*` allows every request header except
/// `Authorization`, so a browser cannot publish.
pub fn options(request: &HttpRequest, allowed: &'static str) -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
    if request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_MAX_AGE));
    }
    response
}
