//! Owns entity tags and `If-None-Match` (RFC 9110, section 13).
//! Must not know what is sent.

use actix_web::http::header::{self, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use sha2::{Digest, Sha256};

/// `Cache-Control` of a response that caches store and revalidate before each use.
pub const REVALIDATE: &str = "public, max-age=0, must-revalidate";

/// The bytes of the digest in an entity tag.
const DIGEST_BYTES: usize = 12;

/// The value of `If-None-Match`.
#[derive(Debug, PartialEq, Eq)]
pub enum ClientTags {
    /// `*`.
    Any,
    /// The opaque tags, quotes included.
    Tags(Vec<String>),
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

/// Reads `If-None-Match`; `None` if the request does not have it. `W/` is dropped, since the header compares weakly.
pub fn client_tags(request: &HttpRequest) -> Option<ClientTags> {
    if !request.headers().contains_key(header::IF_NONE_MATCH) {
        return None;
    }
    Some(match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => ClientTags::Any,
        Ok(IfNoneMatch::Items(tags)) => {
            ClientTags::Tags(tags.iter().map(|tag| tag.to_string().trim_start_matches("W/").to_owned()).collect())
        }
        Err(_) => ClientTags::Tags(Vec::new()),
    })
}

/// Begins a response that caches must revalidate: a 304 and `true` if the client has this tag, else a 200 and `false`.
pub fn revalidate(request: &HttpRequest, tag: &str) -> (HttpResponseBuilder, bool) {
    let not_modified = matches(request, tag) == Some(true);
    let mut response = if not_modified { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, tag)).insert_header((header::CACHE_CONTROL, REVALIDATE));
    (response, not_modified)
}

/// Whether `If-None-Match` matches a tag; `None` if the request does not have the header.
pub fn matches(request: &HttpRequest, tag: &str) -> Option<bool> {
    let mut values = request.headers().get_all(header::IF_NONE_MATCH);
    if let (Some(value), None) = (values.next(), values.next())
        && value == tag
    {
        return Some(true);
    }
    client_tags(request).map(|client| match client {
        ClientTags::Any => true,
        ClientTags::Tags(tags) => tags.iter().any(|one| one == tag),
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_header_matches_weakly_and_by_any_of_its_tags() {
        let case = |value: &'static str| {
            let request = TestRequest::get().insert_header((header::IF_NONE_MATCH, value)).to_http_request();
            matches(&request, "\"a\"")
        };
        for value in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert_eq!(case(value), Some(true), "{value}");
        }
        for value in ["\"b\"", "a", ""] {
            assert_eq!(case(value), Some(false), "{value}");
        }
        assert_eq!(matches(&TestRequest::get().to_http_request(), "\"a\""), None);
    }

    #[test]
    fn a_tag_depends_on_the_bounds_of_its_parts() {
        assert_eq!(tag(&["a", "b"]).len(), 2 + 2 * DIGEST_BYTES);
        assert_ne!(tag(&["a", "b"]), tag(&["ab", ""]));
    }
}
