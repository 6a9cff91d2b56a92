//! Owns entity tags, and what a client holds already by `If-None-Match` and `If-Modified-Since` (RFC 9110, section 13).
//! Must not know what is sent.

use std::time::SystemTime;

use actix_web::http::Method;
use actix_web::http::header::{self, Header, HttpDate, IfModifiedSince};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use sha2::{Digest, Sha256};

use crate::http::request::header_lists::elements;

/// `Cache-Control` of a response that caches store and revalidate before each use.
pub const REVALIDATE: &str = "public, max-age=0, must-revalidate";

/// The bytes of the digest in an entity tag.
const DIGEST_BYTES: usize = 12;

/// What proxies add to the tag of a response that they compress: Apache `-gzip`, Jetty `--gzip`, older ones `;gzip`.
const ADDED_BY_PROXIES: [&str; 3] = ["--", "-", ";"];

/// The codings that proxies compress with.
const PROXY_CODINGS: [&str; 4] = ["gzip", "br", "zstd", "deflate"];

/// What a client holds of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// This response.
    Current,
    /// Whatever the request has had since its release was published (`If-Modified-Since`), or at all (`*`): it is current if the
    /// request has an answer, which only the handler knows.
    AnyAnswer,
    /// Nothing, or another response.
    Other,
}

/// The strong entity tag of a response whose bytes these parts and the sources of the program decide.
pub fn tag(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(env!("BUILD_DIGEST"));
    for part in parts {
        hasher.update([0]);
        hasher.update(part);
    }
    format!("\"{}\"", hex::encode(&hasher.finalize()[..DIGEST_BYTES]))
}

/// What the client of a request holds of a response with this tag, which was last modified then. A request with
/// `If-None-Match` is judged by that alone; what cannot be read of either header says nothing.
pub fn held(request: &HttpRequest, tag: &str, modified: Option<SystemTime>) -> Held {
    let mut values = request.headers().get_all(header::IF_NONE_MATCH).peekable();
    if values.peek().is_none() {
        let passed = modified.is_some_and(|modified| unmodified_since(request, modified));
        return if passed { Held::AnyAnswer } else { Held::Other };
    }
    let mut any = false;
    for value in values {
        if value == tag {
            return Held::Current;
        }
        let Ok(text) = value.to_str() else { continue };
        for one in elements(text, ',').unwrap_or_else(|| text.split(',').collect()) {
            let one = one.trim();
            any |= one == "*";
            // The header compares weakly.
            if opaque(one.strip_prefix("W/").unwrap_or(one)).is_some_and(|held| Some(held) == opaque(tag)) {
                return Held::Current;
            }
        }
    }
    if any { Held::AnyAnswer } else { Held::Other }
}

/// The text of a tag between its quotes, without what a proxy has added.
fn opaque(tag: &str) -> Option<&str> {
    let text = tag.strip_prefix('"')?.strip_suffix('"')?;
    let coded = PROXY_CODINGS.iter().find_map(|coding| text.strip_suffix(coding));
    Some(coded.and_then(|text| ADDED_BY_PROXIES.iter().find_map(|added| text.strip_suffix(added))).unwrap_or(text))
}

/// Whether `If-Modified-Since` names this instant or a later one. HTTP dates have whole seconds.
fn unmodified_since(request: &HttpRequest, modified: SystemTime) -> bool {
    let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |passed| passed.as_secs());
    let since = IfModifiedSince::parse(request).ok().filter(|_| matches!(*request.method(), Method::GET | Method::HEAD));
    since.is_some_and(|since| seconds(modified) <= seconds(SystemTime::from(since.0)))
}

/// Begins a response that caches must revalidate, which always exists: a 304 and `true` if the client holds it, else a 200.
pub fn revalidate(request: &HttpRequest, tag: &str) -> (HttpResponseBuilder, bool) {
    let held = held(request, tag, None) != Held::Other;
    let response = if held { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    (with_validators(response, tag, None), held)
}

/// Adds the validators of a response that caches must revalidate.
pub fn with_validators(mut response: HttpResponseBuilder, tag: &str, modified: Option<SystemTime>) -> HttpResponseBuilder {
    response.insert_header((header::ETAG, tag)).insert_header((header::CACHE_CONTROL, REVALIDATE));
    if let Some(modified) = modified {
        response.insert_header((header::LAST_MODIFIED, HttpDate::from(modified).to_string()));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::test::TestRequest;

    use super::*;

    fn case(headers: &[(header::HeaderName, &str)]) -> Held {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_500);
        let request = headers.iter().fold(TestRequest::get(), |request, header| request.append_header(header.clone()));
        held(&request.to_http_request(), "\"a1\"", Some(modified))
    }

    #[test]
    fn the_tag_matches_weakly_and_by_any_of_its_tags() {
        for value in
            ["\"a1\"", "W/\"a1\"", "\"b\", \"a1\"", "b, c d, \"a1\"", "\"a1-gzip\"", "W/\"a1--gzip\"", "\"a1-br\"", "\"a1;gzip\""]
        {
            assert_eq!(case(&[(header::IF_NONE_MATCH, value)]), Held::Current, "{value}");
        }
        for value in ["\"b\"", "a1", "", "\"a1-x\"", "\"a1gzip\"", "\"-gzip\"", "\"", "w/\"a1\""] {
            assert_eq!(case(&[(header::IF_NONE_MATCH, value)]), Held::Other, "{value}");
        }
        assert_eq!(case(&[(header::IF_NONE_MATCH, "*")]), Held::AnyAnswer);
        assert_eq!(case(&[(header::IF_NONE_MATCH, "\"b\""), (header::IF_NONE_MATCH, "\"a1\"")]), Held::Current);
        assert_eq!(case(&[]), Held::Other);
    }

    #[test]
    fn a_date_counts_by_its_second_and_only_without_a_tag() {
        for (date, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Held::AnyAnswer),
            ("Sunday, 06-Nov-94 08:49:38 GMT", Held::AnyAnswer),
            ("Sun, 06 Nov 1994 08:49:36 GMT", Held::Other),
            ("1994-11-06", Held::Other),
            ("", Held::Other),
        ] {
            assert_eq!(case(&[(header::IF_MODIFIED_SINCE, date)]), expected, "{date}");
            let both = [(header::IF_MODIFIED_SINCE, date), (header::IF_NONE_MATCH, "\"b\"")];
            assert_eq!(case(&both), Held::Other, "{date}");
        }
    }

    #[test]
    fn a_tag_depends_on_the_bounds_of_its_parts() {
        assert_eq!(tag(&["a", "b"]).len(), 2 + 2 * DIGEST_BYTES);
        assert_ne!(tag(&["a", "b"]), tag(&["ab", ""]));
    }
}
