//! Owns how often one client may ask: a bucket for each, which fills steadily and holds what may be asked at once. Each
//! process has buckets of its own.
//! Must not know who a client is, nor what it asks for.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// What may be asked (draft-ietf-httpapi-ratelimit-headers).
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What is left of it.
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// Parts of the buckets, so that workers seldom wait for each other.
const SHARDS: usize = 16;

/// The most buckets of a part; whoever comes when all are in use, and none is full again, is not counted.
const BUCKETS: usize = 4096;

/// The longest window of a quota, in seconds: a day.
pub const LONGEST_WINDOW: u64 = 86_400;

/// How much of what may be asked in what time.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// The name of the policy.
    pub name: &'static str,
    /// How many requests; 0 for as many as one likes.
    pub requests: u32,
    /// In what time an empty bucket is full again.
    pub window: Duration,
}

/// The buckets of all clients.
pub struct Buckets<K> {
    quota: Quota,
    started: Instant,
    hasher: RandomState,
    /// For each client the nanosecond at which its bucket will be full.
    shards: [Mutex<HashMap<K, u64>>; SHARDS],
}

/// What a client is told of its bucket.
#[derive(Clone, Copy, Debug)]
pub struct Toll {
    quota: Quota,
    left: u64,
    full_in: Duration,
    /// How long to wait, when nothing was left.
    pub wait: Option<Duration>,
}

impl<K: Hash + Eq> Buckets<K> {
    /// Buckets that are all full.
    pub fn new(quota: Quota) -> Self {
        let shards = std::array::from_fn(|_| Mutex::new(HashMap::new()));
        Self { quota, started: Instant::now(), hasher: RandomState::new(), shards }
    }

    /// Takes one request out of a client's bucket; nothing when there is no limit.
    pub fn take(&self, client: K) -> Option<Toll> {
        let (window, one) = (nanos(self.quota.window), self.one()?);
        let now = nanos(self.started.elapsed());
        let mut shard = self.shard(&client).lock().unwrap_or_else(PoisonError::into_inner);
        let known = shard.get(&client).copied();
        let full_at = known.unwrap_or_default().max(now);
        let taken = full_at + one;
        if taken - now > window {
            let wait = Some(Duration::from_nanos(taken - now - window));
            return Some(Toll { quota: self.quota, left: 0, full_in: Duration::from_nanos(full_at - now), wait });
        }
        if known.is_none() && shard.len() >= BUCKETS {
            shard.retain(|_, full_at| *full_at > now);
        }
        if known.is_some() || shard.len() < BUCKETS {
            shard.insert(client, taken);
        }
        let left = (window - (taken - now)) / one;
        Some(Toll { quota: self.quota, left, full_in: Duration::from_nanos(taken - now), wait: None })
    }

    /// Puts a request that cost nothing back.
    pub fn give_back(&self, client: &K) {
        let Some(one) = self.one() else { return };
        let mut shard = self.shard(client).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = shard.get_mut(client) {
            *full_at = full_at.saturating_sub(one);
        }
    }

    fn one(&self) -> Option<u64> {
        nanos(self.quota.window).checked_div(u64::from(self.quota.requests))
    }

    fn shard(&self, client: &K) -> &Mutex<HashMap<K, u64>> {
        let place = self.hasher.hash_one(client) % SHARDS as u64;
        &self.shards[usize::try_from(place).unwrap_or_default()]
    }
}

impl Toll {
    /// The name of the policy under which it is taken.
    pub fn policy(&self) -> &'static str {
        self.quota.name
    }

    /// Tells the client.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let (name, quota) = (self.quota.name, self.quota.requests);
        let policy = format!("\"{name}\";q={quota};w={}", self.quota.window.as_secs());
        let left = format!("\"{name}\";r={};t={}", self.left, seconds(self.full_in));
        for (name, text) in [(POLICY, policy), (LEFT, left)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.append(name, value);
            }
        }
        if let Some(wait) = self.wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds(wait)));
        }
    }
}

/// Whole seconds, never too few.
fn seconds(time: Duration) -> u64 {
    time.as_nanos().div_ceil(1_000_000_000).try_into().unwrap_or(u64::MAX)
}

fn nanos(time: Duration) -> u64 {
    time.as_nanos().try_into().unwrap_or(u64::MAX)
}
