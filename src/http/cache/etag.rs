//! Owns the question whether a client already has what it asks for (RFC 9110, section 13).
//! Must not know what is sent.

use actix_web::http::header::{self, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use sha2::{Digest, Sha256};

/// What may be kept, if it is asked for again each time: as good as new when nothing has been published.
const REVALIDATE: &str = "public, max-age=0, must-revalidate";

/// Bytes of the digest in an entity tag.
const DIGEST: usize = 12;

/// What `If-None-Match` says of what a client has.
#[derive(Debug, PartialEq, Eq)]
pub enum Known {
    /// Anything there is.
    Any,
    /// What bears one of these tags.
    Tags(Vec<String>),
}

/// The entity tag of what these parts, and the program's sources, decide to the last byte.
pub fn tag(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(env!("BUILD_DIGEST"));
    for part in parts {
        hasher.update([0]);
        hasher.update(part);
    }
    format!("\"{}\"", hex::encode(&hasher.finalize()[..DIGEST]))
}

/// Reads `If-None-Match`; nothing when it is not there. Tags are compared weakly, as the header wants it.
pub fn known(request: &HttpRequest) -> Option<Known> {
    if !request.headers().contains_key(header::IF_NONE_MATCH) {
        return None;
    }
    Some(match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => Known::Any,
        Ok(IfNoneMatch::Items(tags)) => {
            Known::Tags(tags.iter().map(|tag| tag.to_string().trim_start_matches("W/").to_owned()).collect())
        }
        Err(_) => Known::Tags(Vec::new()),
    })
}

/// Begins the answer of an address that is to be asked again each time, with its validator; and whether that is all, since
/// the client has what bears the tag.
pub fn begin(request: &HttpRequest, tag: &str) -> (HttpResponseBuilder, bool) {
    let same = holds(request, tag) == Some(true);
    let mut response = if same { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, tag)).insert_header((header::CACHE_CONTROL, REVALIDATE));
    (response, same)
}

/// Whether `If-None-Match` says that the client has what bears the tag; nothing when it does not say.
pub fn holds(request: &HttpRequest, tag: &str) -> Option<bool> {
    let mut given = request.headers().get_all(header::IF_NONE_MATCH);
    if let (Some(one), None) = (given.next(), given.next())
        && one == tag
    {
        return Some(true);
    }
    known(request).map(|known| match known {
        Known::Any => true,
        Known::Tags(tags) => tags.iter().any(|one| one == tag),
    })
}
