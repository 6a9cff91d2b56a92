//! Owns the rate limit: one bucket for each client, which refills at a steady rate. `governor` decides (GCRA, the leaky
//! bucket as a meter); this file bounds the number of buckets. Each process has its own.
//! Must not know who a client is, nor what it requests.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;

/// The quota (draft-ietf-httpapi-ratelimit-headers).
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What is left of it.
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The number of locks, so that workers seldom wait for each other.
const SHARDS: usize = 16;

/// The most buckets of a shard. A further client takes the place of those that lack least.
const MAX_BUCKETS: usize = 4096;

/// The part of a shard that makes room at once, so that a further client costs little on average.
const EVICTED: usize = MAX_BUCKETS / 8;

/// The longest window of a quota in seconds: one day.
pub const LONGEST_WINDOW: u64 = 86_400;

/// A number of requests per window of time.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// The name of the policy.
    pub name: &'static str,
    /// The number of requests; 0 for no limit.
    pub requests: u32,
    /// The time in which an empty bucket fills.
    pub window: Duration,
}

impl Quota {
    /// The time in which one request comes back; zero if there is no limit.
    fn interval(&self) -> Duration {
        self.window.checked_div(self.requests).unwrap_or_default()
    }
}

/// The buckets of all clients, for one quota.
pub struct RateLimiter<K: Hash + Eq + Clone> {
    quota: Quota,
    interval: Duration,
    buckets: Buckets<K>,
    /// `None` if there is no limit.
    limiter: Option<Limiter<K>>,
}

type Limiter<K> = governor::RateLimiter<K, Buckets<K>, MonotonicClock, StateInformationMiddleware>;

/// Whether a request may pass, and what its client has left.
#[derive(Clone, Copy, Debug)]
pub struct Decision {
    quota: Quota,
    remaining: u32,
    full_in: Duration,
    /// How long the client must wait, if the request may not pass.
    pub retry_after: Option<Duration>,
}

impl<K: Hash + Eq + Clone> RateLimiter<K> {
    /// A limiter with full buckets.
    pub fn new(quota: Quota) -> Self {
        let interval = quota.interval();
        let buckets = Buckets::new();
        let limit = governor::Quota::with_period(interval).zip(NonZeroU32::new(quota.requests));
        let limiter = limit.map(|(limit, burst)| Limiter::new(limit.allow_burst(burst), buckets.clone(), MonotonicClock));
        Self { quota, interval, buckets, limiter }
    }

    /// Takes one request from the bucket of a client; `None` if there is no limit.
    pub fn check(&self, client: &K) -> Option<Decision> {
        let limiter = self.limiter.as_ref()?;
        let quota = self.quota;
        Some(match limiter.check_key(client) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let full_in = self.interval * quota.requests.saturating_sub(remaining);
                Decision { quota, remaining, full_in, retry_after: None }
            }
            Err(denied) => {
                let wait = denied.wait_time_from(limiter.clock().now());
                let full_in = wait + self.interval * (quota.requests - 1);
                Decision { quota, remaining: 0, full_in, retry_after: Some(wait) }
            }
        })
    }

    /// Takes what a request has used from the bucket of a client, even if the bucket does not have it.
    pub fn charge(&self, client: &K, number: u32) {
        let mut shard = self.buckets.shard(client);
        if let Some(full_at) = shard.get_mut(client) {
            *full_at = *full_at + self.interval * number;
        }
    }

    /// Puts one request back into the bucket of a client.
    pub fn refund(&self, client: &K) {
        let mut shard = self.buckets.shard(client);
        if let Some(full_at) = shard.get_mut(client) {
            *full_at = full_at.saturating_sub(self.interval.into());
        }
    }
}

impl Decision {
    /// The name of the policy.
    pub fn policy(&self) -> &'static str {
        self.quota.name
    }

    /// Adds `RateLimit-Policy` and `RateLimit`, and `Retry-After` if the request may not pass.
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        let (name, quota) = (self.quota.name, self.quota.requests);
        let policy = format!("\"{name}\";q={quota};w={}", self.quota.window.as_secs());
        let remaining = format!("\"{name}\";r={};t={}", self.remaining, seconds(self.full_in));
        for (name, text) in [(RATELIMIT_POLICY, policy), (RATELIMIT, remaining)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.append(name, value);
            }
        }
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds(wait)));
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> u64 {
    time.as_nanos().div_ceil(1_000_000_000).try_into().unwrap_or(u64::MAX)
}

/// At most [`SHARDS`] × [`MAX_BUCKETS`] buckets. A bucket is the time at which it is full again. Copies share their buckets.
#[derive(Clone)]
struct Buckets<K>(Arc<Shards<K>>);

struct Shards<K> {
    hasher: RandomState,
    shards: [Mutex<HashMap<K, Nanos>>; SHARDS],
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    fn new() -> Self {
        let shards = std::array::from_fn(|_| Mutex::new(HashMap::new()));
        Self(Arc::new(Shards { hasher: RandomState::new(), shards }))
    }

    fn shard(&self, client: &K) -> std::sync::MutexGuard<'_, HashMap<K, Nanos>> {
        let place = self.0.hasher.hash_one(client) % SHARDS as u64;
        self.0.shards[usize::try_from(place).unwrap_or_default()].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Clone> StateStore for Buckets<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, client: &K, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut shard = self.shard(client);
        if let Some(full_at) = shard.get_mut(client) {
            let (outcome, next) = decide(Some(*full_at))?;
            *full_at = next;
            return Ok(outcome);
        }
        let (outcome, full_at) = decide(None)?;
        if shard.len() >= MAX_BUCKETS {
            make_room(&mut shard);
        }
        shard.insert(client.clone(), full_at);
        Ok(outcome)
    }
}

/// Forgets the buckets that are full again or lack least: what a client has used up stays charged, however many others come.
fn make_room<K: Hash + Eq>(shard: &mut HashMap<K, Nanos>) {
    let mut times: Vec<Nanos> = shard.values().copied().collect();
    let (_, latest, _) = times.select_nth_unstable(EVICTED - 1);
    shard.retain(|_, full_at| *full_at > *latest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(requests: u32) -> RateLimiter<u32> {
        RateLimiter::new(Quota { name: "requests", requests, window: Duration::from_secs(1000) })
    }

    fn remaining(decision: Option<Decision>) -> Option<(u32, u64)> {
        decision.map(|decision| (decision.remaining, seconds(decision.full_in)))
    }

    #[test]
    fn a_bucket_empties_and_a_refund_gives_one_request_back() {
        let limiter = limiter(4);
        let left: Vec<_> = (0..4).map(|_| remaining(limiter.check(&1))).collect();
        assert_eq!(left, [Some((3, 250)), Some((2, 500)), Some((1, 750)), Some((0, 1000))]);
        let denied = limiter.check(&1).expect("there is a limit");
        assert_eq!(denied.retry_after.map(seconds), Some(250));
        assert_eq!((denied.remaining, seconds(denied.full_in)), (0, 1000));
        assert_eq!(remaining(limiter.check(&2)), Some((3, 250)));
        limiter.refund(&1);
        assert_eq!(remaining(limiter.check(&1)), Some((0, 1000)));
        assert!(limiter.check(&1).is_some_and(|decision| decision.retry_after.is_some()));
    }

    #[test]
    fn a_quota_of_zero_is_no_limit() {
        let limiter = limiter(0);
        assert!(limiter.check(&1).is_none());
        limiter.refund(&1);
    }

    #[test]
    fn the_number_of_buckets_is_bounded_and_full_ones_make_room() {
        let limiter = limiter(2);
        for client in 0..80_000 {
            assert_eq!(remaining(limiter.check(&client)).map(|(left, _)| left), Some(1));
        }
        let buckets = || limiter.buckets.0.shards.iter().map(|shard| shard.lock().expect("a shard").len()).sum::<usize>();
        assert!((SHARDS * (MAX_BUCKETS - EVICTED)..=SHARDS * MAX_BUCKETS).contains(&buckets()), "{}", buckets());
        // The last client has a bucket.
        assert_eq!(remaining(limiter.check(&79_999)).map(|(left, _)| left), Some(0));
        let full = |shard: &Mutex<HashMap<u32, Nanos>>| shard.lock().expect("a shard").values_mut().for_each(|at| *at = 0.into());
        limiter.buckets.0.shards.iter().for_each(full);
        for client in 200_000..200_100 {
            limiter.check(&client);
        }
        assert!(buckets() <= 100 + SHARDS * MAX_BUCKETS, "{}", buckets());
    }

    #[test]
    fn a_client_over_its_limit_stays_limited_however_many_others_come() {
        let limiter = limiter(4);
        (0..4).for_each(|_| assert!(limiter.check(&0).is_some_and(|decision| decision.retry_after.is_none())));
        for client in 1..200_000 {
            assert_eq!(remaining(limiter.check(&client)).map(|(left, _)| left), Some(3), "client {client} is limited by others");
        }
        assert!(limiter.check(&0).is_some_and(|decision| decision.retry_after.is_some()), "its charge is forgotten");
    }
}
