//! Owns authentication by API key. Only publishing needs a key; reads ignore `Authorization`.
//! Must not know what a key allows.

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::access;
use crate::db::write::api_keys::ApiKey;
use crate::http::state::State;
use crate::problem::{Kind, Problem};

/// The valid API key in `Authorization: Bearer` (RFC 6750).
///
/// # Errors
/// 401 when there is none of use, 503 when the database does not answer.
pub async fn key(request: &HttpRequest, state: &State) -> Result<ApiKey, Problem> {
    let key = find(request, state).await?;
    check(&key)?;
    Ok(key)
}

/// The API key of a request, valid or not. Each request looks it up in the database, so that revoking it has effect at once.
///
/// # Errors
/// 401 when there is none, 503 when the database does not answer.
pub async fn find(request: &HttpRequest, state: &State) -> Result<ApiKey, Problem> {
    let mut given = request.headers().get_all(header::AUTHORIZATION);
    let value = given.next().ok_or_else(|| refused("The request has no key: send it as `Authorization: Bearer reperes_…`."))?;
    let hash = value.to_str().ok().filter(|_| given.next().is_none()).and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("Bearer").then(|| access::hash(token.trim()))?
    });
    let hash = hash.ok_or_else(|| refused("The header `Authorization` must appear once, as `Bearer` and a complete key."))?;
    state.submissions.find_key(hash).await?.ok_or_else(|| refused("The key does not exist."))
}

/// Checks that a key is valid.
///
/// # Errors
/// 401 when it has been revoked or has expired.
pub fn check(key: &ApiKey) -> Result<(), Problem> {
    match key.revoked_at {
        Some(_) => Err(refused("The key has been revoked.")),
        None if !key.valid => Err(refused("The key has expired.")),
        None => Ok(()),
    }
}

fn refused(why: &str) -> Problem {
    Problem::new(Kind::Unauthenticated, why)
}
