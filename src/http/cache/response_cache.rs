//! Owns the response cache: bounded by its bytes, shared by the workers of the process. Concurrent requests for one response
//! compute it once. An entry never changes, since its key names the release.
//! Must not know how responses are computed.

use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle, GuardResult, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, Weighter};
use tokio::time::timeout;

use super::compression::Coding;
use super::etag;
use crate::query::Release;
use crate::sharded_cache::bounded;

/// The longest body that the cache stores, in bytes.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// The memory of an entry besides its texts, in bytes, about.
const ENTRY_OVERHEAD: usize = 400;

/// The typical size of an entry in bytes: it decides how many entries the cache prepares for.
const TYPICAL_ENTRY_BYTES: u64 = 8192;

/// The least bytes of a shard, each of which has its own lock: several of the longest bodies must fit.
const MIN_SHARD_BYTES: u64 = 8 << 20;

const MAX_SHARDS: u64 = 16;

/// All that decides the bytes of a response.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// The number of the release and the microsecond of its publication; `None` for what depends on the program alone.
    pub release: Option<(i32, i64)>,
    /// The request in canonical form, with its representation.
    pub address: String,
    /// The content coding.
    pub coding: Coding,
}

impl CacheKey {
    /// The key of a request at a release.
    pub fn new(release: Option<&Release>, address: String, coding: Coding) -> Self {
        let release = release.map(|release| (release.number, release.published_at.timestamp_micros()));
        Self { release, address, coding }
    }

    /// The strong entity tag of the response: the key decides every byte.
    pub fn etag(&self) -> String {
        let release = self.release.map_or(String::new(), |(number, time)| format!("{number} {time}"));
        etag::tag(&[&release, &self.address, self.coding.name().unwrap_or_default()])
    }
}

/// Headers, in the order in which they are added.
pub type Headers = Vec<(HeaderName, HeaderValue)>;

/// A stored response with status 200.
#[derive(Debug)]
pub struct CachedResponse {
    /// The headers that its handler added.
    pub headers: Headers,
    /// The body, in the content coding of the key.
    pub body: Bytes,
}

#[derive(Clone)]
struct ResponseWeighter;

impl Weighter<CacheKey, Arc<CachedResponse>> for ResponseWeighter {
    fn weight(&self, key: &CacheKey, response: &Arc<CachedResponse>) -> u64 {
        let headers: usize = response.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        (ENTRY_OVERHEAD + key.address.len() + headers + response.body.len()) as u64
    }
}

type Responses = Cache<CacheKey, Arc<CachedResponse>, ResponseWeighter>;

/// Guard for a single-flight computation: other requests for the key wait until it is used or dropped.
pub struct ComputeGuard<'m>(
    PlaceholderGuard<
        'm,
        CacheKey,
        Arc<CachedResponse>,
        ResponseWeighter,
        DefaultHashBuilder,
        DefaultLifecycle<CacheKey, Arc<CachedResponse>>,
    >,
);

impl ComputeGuard<'_> {
    /// Stores the response and gives it to all that wait.
    pub fn insert(self, response: Arc<CachedResponse>) {
        // The cache returns an error if it evicted the placeholder meanwhile; those that wait still get the response.
        _ = self.0.insert(response);
    }
}

/// The result of [`ResponseCache::lookup`].
pub enum Lookup<'m> {
    /// The cache has the response.
    Hit(Arc<CachedResponse>),
    /// The caller must compute the response; other requests wait for it.
    Compute(ComputeGuard<'m>),
    /// The caller must compute the response; no other request waits for it.
    Miss,
    /// Another request has been computing the response for too long.
    TimedOut,
}

/// The cache; `None` if it is turned off. Clones share their entries.
#[derive(Clone)]
pub struct ResponseCache(Option<Arc<Responses>>);

impl ResponseCache {
    /// A cache of at most so many bytes; 0 turns it off.
    pub fn new(bytes: u64) -> Self {
        if bytes == 0 {
            return Self(None);
        }
        let shards = (bytes / MIN_SHARD_BYTES).clamp(1, MAX_SHARDS);
        Self(Some(Arc::new(bounded(bytes, TYPICAL_ENTRY_BYTES, shards, ResponseWeighter))))
    }

    /// Looks a response up, and waits at most `wait` for another request that computes it. If that computation fails, all
    /// that waited compute the response at once rather than one after another, as long as half of `wait` is left.
    pub async fn lookup(&self, key: &CacheKey, wait: Duration) -> Lookup<'_> {
        let Some(responses) = &self.0 else { return Lookup::Miss };
        match responses.get_value_or_guard(key, Some(Duration::ZERO)) {
            GuardResult::Value(response) => Lookup::Hit(response),
            GuardResult::Guard(guard) => Lookup::Compute(ComputeGuard(guard)),
            GuardResult::Timeout => {
                let started = Instant::now();
                match timeout(wait, responses.get_value_or_guard_async(key)).await {
                    Ok(Ok(response)) => Lookup::Hit(response),
                    Ok(Err(guard)) => {
                        drop(guard);
                        if started.elapsed() > wait / 2 { Lookup::TimedOut } else { Lookup::Miss }
                    }
                    Err(_) => Lookup::TimedOut,
                }
            }
        }
    }

    /// Whether the cache stores a body of so many bytes.
    pub fn accepts(&self, bytes: usize) -> bool {
        self.0.is_some() && bytes <= MAX_BODY_BYTES
    }

    /// A stored response; counts as a use of it.
    pub fn get(&self, key: &CacheKey) -> Option<Arc<CachedResponse>> {
        self.0.as_ref()?.get(key)
    }

    /// A stored response; does not count as a use of it.
    pub fn peek(&self, key: &CacheKey) -> Option<Arc<CachedResponse>> {
        self.0.as_ref()?.peek(key)
    }

    /// Stores a response.
    pub fn insert(&self, key: CacheKey, response: Arc<CachedResponse>) {
        if let Some(responses) = &self.0 {
            responses.insert(key, response);
        }
    }

    /// The bytes and the number of the entries.
    pub fn size(&self) -> (u64, usize) {
        self.0.as_ref().map_or((0, 0), |responses| (responses.weight(), responses.len()))
    }
}
