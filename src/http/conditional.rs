//! Owns the question whether a client already has what it asks for (RFC 9110, section 13).
//! Must not know what is sent.

use actix_web::HttpRequest;
use actix_web::http::header::{self, Header, IfNoneMatch};
use sha2::{Digest, Sha256};

/// What may be kept, if it is asked for again each time: as good as new when nothing has been published.
pub const REVALIDATE: &str = "public, max-age=0, must-revalidate";

/// Bytes of the digest in an entity tag.
const DIGEST: usize = 12;

/// The entity tag of what these parts, and the program's version, decide to the last byte.
pub fn tag(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(env!("CARGO_PKG_VERSION"));
    for part in parts {
        hasher.update([0]);
        hasher.update(part);
    }
    let digest: String = hasher.finalize()[..DIGEST].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digest}\"")
}

/// Whether `If-None-Match` says that the client has what bears the tag; nothing when it does not say.
pub fn holds(request: &HttpRequest, tag: &str) -> Option<bool> {
    if !request.headers().contains_key(header::IF_NONE_MATCH) {
        return None;
    }
    Some(match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|one| one.to_string().trim_start_matches("W/") == tag),
        Err(_) => false,
    })
}
