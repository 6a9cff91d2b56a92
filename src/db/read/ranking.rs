//! Owns the rank of a figure among the territories of the same kind. Ranking one figure reads the figures of all territories
//! of its kind, so their distribution is cached, within a number of bytes.
//! Must not know which rows a request selects, nor how ranks are shown.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::QueryResult;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use super::figures;
use crate::db::ReadingConnection;
use crate::query::Release;
use crate::sharded_cache::bounded;

/// The capacity of the response cache divided by that of this cache.
const RESPONSE_CACHE_RATIO: u64 = 4;

/// The approximate memory of a value besides its text, in bytes.
const VALUE_OVERHEAD: usize = 56;

/// The approximate memory of a distribution in bytes, for the initial capacity.
const TYPICAL_DISTRIBUTION: u64 = 256 * 1024;

/// The least number of bytes of a shard of the cache: the distribution over all communes must fit several times.
const MIN_SHARD: u64 = 8 << 20;

/// The most shards of the cache.
const MAX_SHARDS: u64 = 16;

/// What figures that are ranked with each other have in common: indicator, period, breakdown, nature, source, and kind of
/// territory.
pub type RankedGroup = [String; 6];

/// The rank of a figure among the territories of its kind, the largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rank {
    /// Its position from 1; equal values have the same.
    pub position: u64,
    /// The number of territories of the kind with a value.
    pub of: u64,
    /// How many others have the same value.
    pub tied: u64,
    /// How many have a suppressed value, and so no rank.
    pub suppressed: u64,
}

/// The distribution of a figure over all territories of a kind.
#[derive(Debug, Default)]
pub struct Distribution {
    /// For each value, without zeros at its end, its position and how often it occurs.
    positions: HashMap<Box<str>, (u64, u64)>,
    of: u64,
    suppressed: u64,
}

impl Distribution {
    /// Parses the text of a distribution: `value count` pairs separated by `;`, the largest value first, and at the end the
    /// count of suppressed values, without a value.
    fn read(text: &str) -> Self {
        let mut distribution = Self::default();
        for (value, number) in text.split(';').filter_map(|part| part.split_once(' ')) {
            let number = number.parse().unwrap_or_default();
            if value.is_empty() {
                distribution.suppressed = number;
            } else {
                distribution.positions.insert(value.into(), (distribution.of + 1, number));
                distribution.of += number;
            }
        }
        distribution
    }

    /// The rank of a value, without zeros at its end; `None` for a value that does not occur.
    pub fn rank(&self, value: &str) -> Option<Rank> {
        let (position, number) = *self.positions.get(value)?;
        Some(Rank { position, of: self.of, tied: number - 1, suppressed: self.suppressed })
    }
}

#[derive(Clone)]
struct DistributionWeigher;

/// The number and time of a release, and the figures that are ranked.
type RankingKey = ((i32, i64), RankedGroup);

impl Weighter<RankingKey, Arc<Distribution>> for DistributionWeigher {
    fn weight(&self, key: &RankingKey, distribution: &Arc<Distribution>) -> u64 {
        let texts: usize = key.1.iter().map(String::len).chain(distribution.positions.keys().map(|value| value.len())).sum();
        (texts + VALUE_OVERHEAD * (distribution.positions.len() + key.1.len())) as u64
    }
}

/// The cache of distributions, shared by all workers and by its clones.
#[derive(Clone)]
pub struct RankingCache(Option<Arc<CachedRankings>>);

struct CachedRankings {
    rankings: Cache<RankingKey, Arc<Distribution>, DistributionWeigher>,
    /// Held while distributions are read: after a publication many requests need the same ones at once.
    reading: Mutex<()>,
}

impl RankingCache {
    /// A cache for a server whose response cache has `memory` bytes; without a capacity nothing is cached.
    pub fn new(memory: u64) -> Self {
        let bytes = memory / RESPONSE_CACHE_RATIO;
        if bytes == 0 {
            return Self(None);
        }
        let rankings = bounded(bytes, TYPICAL_DISTRIBUTION, (bytes / MIN_SHARD).clamp(1, MAX_SHARDS), DistributionWeigher);
        Self(Some(Arc::new(CachedRankings { rankings, reading: Mutex::default() })))
    }

    /// The distributions of these figures at a release.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn of(
        &self,
        connection: &ReadingConnection,
        release: &Release,
        wanted: Vec<RankedGroup>,
    ) -> QueryResult<HashMap<RankedGroup, Arc<Distribution>>> {
        let at = (release.number, release.published_at.timestamp_micros());
        let mut found = HashMap::with_capacity(wanted.len());
        let missing = self.take_cached(at, wanted, &mut found);
        if missing.is_empty() {
            return Ok(found);
        }
        let _reading = match &self.0 {
            Some(cached) => Some(cached.reading.lock().await),
            None => None,
        };
        let missing = self.take_cached(at, missing, &mut found);
        // What is read is kept even if the request then times out, so that asking again goes on.
        for group in missing {
            let counts = figures::value_counts(connection, &group, release.number).await?;
            let distribution = Arc::new(Distribution::read(&counts.unwrap_or_default()));
            if let Some(cached) = &self.0 {
                cached.rankings.insert((at, group.clone()), Arc::clone(&distribution));
            }
            found.insert(group, distribution);
        }
        Ok(found)
    }

    /// Adds to `found` what is cached, and returns what is not.
    fn take_cached(
        &self,
        at: (i32, i64),
        wanted: Vec<RankedGroup>,
        found: &mut HashMap<RankedGroup, Arc<Distribution>>,
    ) -> Vec<RankedGroup> {
        let Some(cached) = &self.0 else { return wanted };
        let mut missing = Vec::new();
        for group in wanted {
            let key = (at, group);
            match cached.rankings.get(&key) {
                Some(distribution) => _ = found.insert(key.1, distribution),
                None => missing.push(key.1),
            }
        }
        missing
    }
}
