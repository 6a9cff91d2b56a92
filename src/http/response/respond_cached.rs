//! Owns the response to a request through the cache: 304 if the client has it, from the cache if that has it, else from the
//! handler, and then stored.
//! Must not know what is answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::cache::compression::Coding;
use crate::http::cache::etag::{self, Held};
use crate::http::cache::outcome::{CacheOutcome, SERVER_TIMING};
use crate::http::cache::policy::CachePolicy;
use crate::http::cache::response_cache::{CacheKey, CachedResponse, Headers, Lookup};
use crate::http::state::State;
use crate::metrics::Cached;
use crate::problem::{Kind, Problem};

/// Answers a request through the cache; `compute` makes the response on a miss.
///
/// # Errors
/// Returns the error of `compute`; 503 if another request has been computing the response for too long.
pub async fn respond_cached(
    request: &HttpRequest,
    state: &State,
    policy: CachePolicy,
    compute: impl AsyncFnOnce() -> Result<HttpResponse, Problem>,
) -> Result<HttpResponse, Problem> {
    let key = policy.key(request);
    let etag = key.etag();
    let headers = policy.headers(&etag);
    let held = etag::held(request, &etag, policy.modified());
    if held == Held::Current {
        let mut response = with_metric(HttpResponse::NotModified().finish(), Cached::NotModified);
        set_headers(&mut response, &headers);
        return Ok(response);
    }
    let mut response = match policy.storable {
        true => lookup_or_compute(state, &policy, key.clone(), compute).await?,
        false => compute().await?,
    };
    if held == Held::AnyAnswer && response.status() == StatusCode::OK {
        response = with_metric(HttpResponse::NotModified().finish(), Cached::NotModified);
    }
    set_headers(&mut response, &headers);
    if response.status().is_success() {
        let entry = || policy.index_entry(request, &state.release_watcher, (key, etag), headers, response.headers());
        state.request_index.insert(request, policy.public_address(), entry);
    }
    Ok(response)
}

async fn lookup_or_compute(
    state: &State,
    policy: &CachePolicy,
    key: CacheKey,
    compute: impl AsyncFnOnce() -> Result<HttpResponse, Problem>,
) -> Result<HttpResponse, Problem> {
    let guard = match state.response_cache.lookup(&key, state.pool.wait()).await {
        Lookup::Hit(cached) => {
            let fresh = policy.release.is_none() || policy.pinned || state.release_watcher.is_current();
            return Ok(respond(&cached, CacheOutcome::hit(fresh)));
        }
        Lookup::TimedOut => {
            return Err(Problem::new(Kind::Unavailable, "The response takes too long to compute; try again later."));
        }
        Lookup::Compute(guard) => Some(guard),
        Lookup::Miss => None,
    };
    let uncompressed = CacheKey { coding: Coding::Identity, ..key.clone() };
    let (cached, elapsed) = match state.response_cache.peek(&uncompressed) {
        Some(cached) => (cached, Duration::ZERO),
        None => {
            let started = Instant::now();
            match to_cached(compute().await?) {
                Ok(cached) => (Arc::new(cached), started.elapsed()),
                Err(response) => return Ok(*response),
            }
        }
    };
    let cached = compress(cached, key.coding).await?;
    let stored = state.response_cache.accepts(cached.body.len());
    if stored {
        match guard {
            Some(guard) => guard.insert(Arc::clone(&cached)),
            None => state.response_cache.insert(key, Arc::clone(&cached)),
        }
    }
    let mut response = respond(&cached, if stored { CacheOutcome::Stored } else { CacheOutcome::NotStored });
    let timing = format!("cache;desc=miss, db;dur={:.1}", elapsed.as_secs_f64() * 1000.0);
    if let Ok(timing) = HeaderValue::from_str(&timing) {
        response.headers_mut().insert(SERVER_TIMING, timing);
    }
    Ok(response)
}

/// Sets headers; each replaces one of the same name.
fn set_headers(response: &mut HttpResponse, headers: &Headers) {
    for (name, value) in headers {
        response.headers_mut().insert(name.clone(), value.clone());
    }
}

/// Attaches how the metrics count the response.
fn with_metric(mut response: HttpResponse, cached: Cached) -> HttpResponse {
    response.extensions_mut().insert(cached);
    response
}

/// The entry for a response; the response itself if it cannot be stored: a stream, or a status other than 200.
fn to_cached(response: HttpResponse) -> Result<CachedResponse, Box<HttpResponse>> {
    if response.status() != StatusCode::OK {
        return Err(Box::new(response));
    }
    let (head, body) = response.into_parts();
    match body.try_into_bytes() {
        Ok(body) => {
            let headers = head.headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            Ok(CachedResponse { headers, body })
        }
        Err(body) => Err(Box::new(head.set_body(body))),
    }
}

async fn compress(cached: Arc<CachedResponse>, coding: Coding) -> Result<Arc<CachedResponse>, Problem> {
    let (Some(body), Some(name)) = (coding.compress(&cached.body).await?, coding.name()) else { return Ok(cached) };
    let mut headers = cached.headers.clone();
    headers.push((header::CONTENT_ENCODING, HeaderValue::from_static(name)));
    Ok(Arc::new(CachedResponse { headers, body }))
}

fn respond(cached: &CachedResponse, outcome: CacheOutcome) -> HttpResponse {
    let mut response = outcome.response(cached.body.clone());
    for (name, value) in &cached.headers {
        response.headers_mut().append(name.clone(), value.clone());
    }
    with_metric(response, outcome.metric())
}
