//! Owns the answer to a request that the request index knows: no handler, no parsing, no plan.
//! Must not know how responses are computed.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};

use crate::http::cache::etag::{self, Held};
use crate::http::cache::outcome::CacheOutcome;
use crate::http::cache::request_index::IndexedRequest;
use crate::http::request::public_address::PublicAddress;
use crate::http::state::State;
use crate::metrics::Cached;

/// A response without a handler.
pub struct CachedAnswer {
    /// The response, without the headers that the middleware adds to every response.
    pub response: HttpResponse,
    /// The entry of the request index.
    pub indexed: Arc<IndexedRequest>,
    /// How the metrics count it.
    pub metric: Cached,
}

/// Answers a request from the cache; `None` if the index does not know the request, if a release was published since, or if
/// the cache has evicted the response. All checks that do not depend on the path must precede.
pub fn answer(request: &HttpRequest, state: &State) -> Option<CachedAnswer> {
    let address = PublicAddress::of(request, state.public_url.as_ref(), &state.bounds.proxies);
    let indexed = state.request_index.get(request, &address)?;
    let (generation, fresh) = state.release_watcher.generation();
    if indexed.generation != generation {
        return None;
    }
    let (mut response, metric, headers) = match etag::held(request, &indexed.etag, indexed.modified) {
        // The index knows only what has an answer.
        Held::Current | Held::AnyAnswer => {
            (HttpResponse::NotModified().finish(), Cached::NotModified, &indexed.headers[..indexed.not_modified_headers])
        }
        Held::Other => {
            let outcome = CacheOutcome::hit(fresh || indexed.pinned);
            let body = state.response_cache.get(&indexed.key)?.body.clone();
            (outcome.response(body), outcome.metric(), &indexed.headers[..])
        }
    };
    for (name, value) in headers {
        response.headers_mut().append(name.clone(), value.clone());
    }
    state.request_index.record_hit();
    Some(CachedAnswer { response, indexed, metric })
}
