//! Owns the answers that are kept in memory, bounded by their bytes, for all workers of the process: each is made once,
//! however many ask for it meanwhile, and never changes, since its key says the release.
//! Must not know how answers are made.

use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle, GuardResult, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, Weighter};
use tokio::time::timeout;

use super::compression::Coding;
use crate::query::Release;
use crate::sharded_cache::bounded;

/// The longest body that is kept, in bytes.
pub const LONGEST: usize = 1 << 20;

/// What keeping an answer costs beside its bytes, about.
const OVERHEAD: usize = 400;

/// Bytes of an answer, about: how many are to be reckoned with.
const USUAL: u64 = 8192;

/// Bytes of each part of the memory that has a lock of its own, at least: the longest answers must fit several times.
const PART: u64 = 8 << 20;

/// The most parts.
const PARTS: u64 = 16;

/// What an answer depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The number and time of the release; nothing for what the program alone decides.
    pub release: Option<(i32, i64)>,
    /// The request in canonical form, its representation included.
    pub address: String,
    /// The content coding.
    pub coding: Coding,
}

impl Key {
    /// The key of what an address answers at a release.
    pub fn new(release: Option<&Release>, address: String, coding: Coding) -> Self {
        let release = release.map(|release| (release.number, release.published_at.timestamp_micros()));
        Self { release, address, coding }
    }
}

/// Headers, in the order in which they are given.
pub type Headers = Vec<(HeaderName, HeaderValue)>;

/// An answer that is kept: its own headers and its body. Its status is 200.
#[derive(Debug)]
pub struct Entry {
    /// The headers.
    pub headers: Headers,
    /// The body, coded.
    pub body: Bytes,
}

#[derive(Clone)]
struct Weights;

impl Weighter<Key, Arc<Entry>> for Weights {
    fn weight(&self, key: &Key, entry: &Arc<Entry>) -> u64 {
        let headers: usize = entry.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        (OVERHEAD + key.address.len() + headers + entry.body.len()) as u64
    }
}

type Entries = Cache<Key, Arc<Entry>, Weights>;

/// The right and the duty to make an answer that others wait for; given up when it is dropped.
pub struct Turn<'m>(PlaceholderGuard<'m, Key, Arc<Entry>, Weights, DefaultHashBuilder, DefaultLifecycle<Key, Arc<Entry>>>);

impl Turn<'_> {
    /// Gives the answer to all who wait, and keeps it.
    pub fn take(self, entry: Arc<Entry>) {
        // It is given back when it has been thrown out meanwhile, which those who wait do not mind.
        _ = self.0.insert(entry);
    }
}

/// What there is of an answer.
pub enum Found<'m> {
    /// All of it.
    Here(Arc<Entry>),
    /// Nothing; others will wait.
    Ours(Turn<'m>),
    /// Nothing, and nobody waits.
    Nothing,
    /// Somebody has been making it for too long.
    Late,
}

/// The memory. Copies are the same one.
#[derive(Clone)]
pub struct Memory(Option<Arc<Entries>>);

impl Memory {
    /// A memory of so many bytes; none when that is 0.
    pub fn new(bytes: u64) -> Self {
        if bytes == 0 {
            return Self(None);
        }
        let parts = (bytes / PART).clamp(1, PARTS);
        Self(Some(Arc::new(bounded(bytes, USUAL, parts, Weights))))
    }

    /// Looks for an answer; one that somebody is making is waited for. When that comes to nothing, all who waited make
    /// it by themselves rather than one after another, if there is time for that.
    pub async fn find(&self, key: &Key, wait: Duration) -> Found<'_> {
        let Some(entries) = &self.0 else { return Found::Nothing };
        match entries.get_value_or_guard(key, Some(Duration::ZERO)) {
            GuardResult::Value(entry) => Found::Here(entry),
            GuardResult::Guard(turn) => Found::Ours(Turn(turn)),
            GuardResult::Timeout => {
                let asked = Instant::now();
                match timeout(wait, entries.get_value_or_guard_async(key)).await {
                    Ok(Ok(entry)) => Found::Here(entry),
                    Ok(Err(turn)) => {
                        drop(turn);
                        if asked.elapsed() > wait / 2 { Found::Late } else { Found::Nothing }
                    }
                    Err(_) => Found::Late,
                }
            }
        }
    }

    /// Whether a body of so many bytes is kept at all.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.0.is_some() && bytes <= LONGEST
    }

    /// An answer that is there, which is used now.
    pub fn get(&self, key: &Key) -> Option<Arc<Entry>> {
        self.0.as_ref()?.get(key)
    }

    /// An answer that is there, without waiting.
    pub fn peek(&self, key: &Key) -> Option<Arc<Entry>> {
        self.0.as_ref()?.peek(key)
    }

    /// Keeps an answer.
    pub fn keep(&self, key: Key, entry: Arc<Entry>) {
        if let Some(entries) = &self.0 {
            entries.insert(key, entry);
        }
    }

    /// The bytes that are kept, and the number of answers.
    pub fn size(&self) -> (u64, usize) {
        self.0.as_ref().map_or((0, 0), |entries| (entries.weight(), entries.len()))
    }
}
