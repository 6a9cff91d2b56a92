//! Owns the checks of a request head that actix-web makes too late or not at all: the path, the coding of the body, its
//! length.
//! Must not know who sends the request.

use actix_web::HttpRequest;
use actix_web::http::{Method, header};

use crate::http::request::{path_and_query, paths};
use crate::problem::{Kind, Problem};

/// The longest body of a read in bytes; it is received and ignored.
const MAX_BODY_BYTES: u64 = 64 * 1024;

/// Checks a request before it is routed.
///
/// # Errors
/// Returns 400 if the path is not percent-encoded UTF-8; 415 for a compressed body; 413 for a long one, unless the request
/// publishes: that handler limits the body itself.
pub fn check(request: &HttpRequest) -> Result<(), Problem> {
    path_and_query::check_path(request)?;
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    // Some clients name a coding with every request, also with those that have no body.
    let has_body = length.is_some_and(|length| length > 0) || headers.contains_key(header::TRANSFER_ENCODING);
    let reads = matches!(*request.method(), Method::GET | Method::HEAD) && !has_body;
    if !reads && headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(Problem::new(Kind::UnsupportedEncoding, "Compressed request bodies are not accepted."));
    }
    if request.method() == Method::POST && request.path() == paths::PUBLICATIONS {
        return Ok(());
    }
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(Problem::new(Kind::PayloadTooLarge, "Bodies of unknown length are not accepted."));
    }
    if length.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(Problem::new(Kind::PayloadTooLarge, format!("The body is longer than {MAX_BODY_BYTES} bytes.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn refusal(request: TestRequest) -> Option<Kind> {
        check(&request.to_http_request()).err().map(|problem| problem.kind())
    }

    #[test]
    fn a_path_that_is_not_utf_8_is_refused() {
        assert_eq!(refusal(TestRequest::get().uri("/v1/territories/%ff")), Some(Kind::MalformedRequest));
        assert_eq!(refusal(TestRequest::get().uri("/v1/territories/%C3%A9")), None);
    }

    #[test]
    fn a_compressed_body_is_refused_everywhere() {
        for path in ["/v1/publications", "/v1/territories"] {
            let request = TestRequest::post().uri(path).insert_header(("content-encoding", "gzip"));
            assert_eq!(refusal(request), Some(Kind::UnsupportedEncoding), "{path}");
        }
        let coded = |request: TestRequest| request.insert_header(("content-encoding", "gzip"));
        assert_eq!(refusal(coded(TestRequest::get()).insert_header(("content-length", "1"))), Some(Kind::UnsupportedEncoding));
        assert_eq!(refusal(coded(TestRequest::get())), None, "there is nothing to decode");
        assert_eq!(refusal(TestRequest::post().insert_header(("content-encoding", "identity"))), None);
    }

    #[test]
    fn only_a_publication_may_have_a_long_body() {
        let long = |request: TestRequest| request.insert_header(("content-length", "65537"));
        assert_eq!(refusal(long(TestRequest::get().uri("/v1/publications"))), Some(Kind::PayloadTooLarge));
        assert_eq!(refusal(long(TestRequest::post().uri("/v1/publications"))), None);
        assert_eq!(refusal(TestRequest::get().insert_header(("content-length", "65536"))), None);
        assert_eq!(refusal(TestRequest::get().insert_header(("transfer-encoding", "chunked"))), Some(Kind::PayloadTooLarge));
    }
}
