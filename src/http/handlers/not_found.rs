//! Owns the answer to addresses that nothing is at: a redirect if only slashes at the end are too many, else 404 with the closest
//! addresses.
//! Must not know what is at an address.

use std::sync::OnceLock;

use actix_web::dev::ResourceDef;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::redirect::CACHE_CONTROL;
use crate::http::request::path_and_query;
use crate::http::router::{self, Endpoint};
use crate::http::state::State;
use crate::problem::{Kind, Problem};
use crate::query::Dataset;
use crate::query::suggest::closest;

/// Answers a request that no route matches.
///
/// # Errors
/// Returns 404, unless the address without the slashes at its end has an answer; 414 if the query is too long to be repeated.
pub async fn not_found(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    if let Some(address) = without_slashes(&request, state.registry)? {
        let mut response = HttpResponse::PermanentRedirect();
        response.insert_header((header::LOCATION, address)).insert_header((header::CACHE_CONTROL, CACHE_CONTROL));
        return Ok(response.finish());
    }
    let paths: Vec<String> = router::all(state.registry).iter().map(Endpoint::path).collect();
    let near = closest(request.path(), paths.iter().map(String::as_str));
    Err(Problem::new(Kind::UnknownResource, "Nothing is at this address.").closest(near))
}

/// The address without the slashes at the end of its path, if something is there.
fn without_slashes(request: &HttpRequest, registry: &'static [&'static Dataset]) -> Result<Option<String>, Problem> {
    static KNOWN: OnceLock<Vec<ResourceDef>> = OnceLock::new();
    let path = request.uri().path();
    let trimmed = path.trim_end_matches('/');
    if trimmed == path {
        return Ok(None);
    }
    let known = KNOWN.get_or_init(|| {
        let endpoints = router::all(registry).into_iter().map(|endpoint| endpoint.path());
        endpoints.chain(router::redirected(registry).map(|(path, _)| path)).map(ResourceDef::new).collect()
    });
    if !known.iter().any(|pattern| pattern.is_match(trimmed)) {
        return Ok(None);
    }
    // A query that cannot be read, or is too long, is refused before it is repeated.
    path_and_query::pairs(request)?;
    Ok(Some(match request.query_string() {
        "" => trimmed.to_owned(),
        query => format!("{trimmed}?{query}"),
    }))
}
