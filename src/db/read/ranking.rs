//! Owns the rank of a figure among the territories of the same kind. Ranking one figure reads the figures of all territories
//! of its kind, so their distribution is cached, within a number of bytes.
//! Must not know which rows a request selects, nor how ranks are shown.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use super::figures::{self, STANDINGS};
use crate::query::Release;
use crate::sharded_cache::bounded;

/// The cache has one byte for so many bytes of the response cache.
const SHARE: u64 = 4;

/// About how many bytes a value takes beside its text.
const OVERHEAD: usize = 56;

/// About how many bytes a distribution takes, for the initial capacity.
const USUAL: u64 = 256 * 1024;

/// The least number of bytes of a shard of the cache: the distribution over all communes must fit several times.
const PART: u64 = 8 << 20;

/// The most shards of the cache.
const PARTS: u64 = 16;

/// The most distributions that one statement reads. What is read is cached even if the request then times out.
const AT_ONCE: usize = 8;

/// What figures that are ranked with each other have in common: indicator, period, breakdown, nature, source, and kind of
/// territory.
pub type Alike = [String; 6];

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
pub struct Standing {
    /// For each value, without zeros at its end, its position and how often it occurs.
    places: HashMap<Box<str>, (u64, u64)>,
    of: u64,
    suppressed: u64,
}

impl Standing {
    /// Parses the text of a distribution: `value count` pairs separated by `;`, the largest value first, and at the end the
    /// count of suppressed values, without a value.
    fn read(told: &str) -> Self {
        let mut standing = Self::default();
        for (value, number) in told.split(';').filter_map(|part| part.split_once(' ')) {
            let number = number.parse().unwrap_or_default();
            if value.is_empty() {
                standing.suppressed = number;
            } else {
                standing.places.insert(value.into(), (standing.of + 1, number));
                standing.of += number;
            }
        }
        standing
    }

    /// The rank of a value, without zeros at its end; `None` for a value that does not occur.
    pub fn rank(&self, value: &str) -> Option<Rank> {
        let (position, number) = *self.places.get(value)?;
        Some(Rank { position, of: self.of, tied: number - 1, suppressed: self.suppressed })
    }
}

#[derive(Clone)]
struct Weights;

/// The number and time of a release, and the figures that are ranked.
type Key = ((i32, i64), Alike);

impl Weighter<Key, Arc<Standing>> for Weights {
    fn weight(&self, key: &Key, standing: &Arc<Standing>) -> u64 {
        let texts: usize = key.1.iter().map(String::len).chain(standing.places.keys().map(|value| value.len())).sum();
        (texts + OVERHEAD * (standing.places.len() + key.1.len())) as u64
    }
}

/// The cache of distributions, shared by all workers and by its clones.
#[derive(Clone)]
pub struct Standings(Option<Arc<Kept>>);

struct Kept {
    standings: Cache<Key, Arc<Standing>, Weights>,
    /// Held while distributions are read: after a publication many requests need the same ones at once.
    reading: Mutex<()>,
}

impl Standings {
    /// A cache beside a response cache of so many bytes; none if that has none.
    pub fn new(memory: u64) -> Self {
        let bytes = memory / SHARE;
        if bytes == 0 {
            return Self(None);
        }
        let standings = bounded(bytes, USUAL, (bytes / PART).clamp(1, PARTS), Weights);
        Self(Some(Arc::new(Kept { standings, reading: Mutex::default() })))
    }

    /// The distributions of these figures at a release.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn of(
        &self,
        connection: &AsyncPgConnection,
        release: &Release,
        wanted: Vec<Alike>,
    ) -> QueryResult<HashMap<Alike, Arc<Standing>>> {
        let at = (release.number, release.published_at.timestamp_micros());
        let mut found = HashMap::with_capacity(wanted.len());
        let missing = self.look(at, wanted, &mut found);
        if missing.is_empty() {
            return Ok(found);
        }
        let _reading = match &self.0 {
            Some(kept) => Some(kept.reading.lock().await),
            None => None,
        };
        let missing = self.look(at, missing, &mut found);
        for some in missing.chunks(AT_ONCE) {
            for (alike, standing) in some.iter().zip(read(connection, release.number, some).await?) {
                let standing = Arc::new(standing);
                if let Some(kept) = &self.0 {
                    kept.standings.insert((at, alike.clone()), Arc::clone(&standing));
                }
                found.insert(alike.clone(), standing);
            }
        }
        Ok(found)
    }

    /// Adds to `found` what is cached, and returns what is not.
    fn look(&self, at: (i32, i64), wanted: Vec<Alike>, found: &mut HashMap<Alike, Arc<Standing>>) -> Vec<Alike> {
        let Some(kept) = &self.0 else { return wanted };
        let mut missing = Vec::new();
        for alike in wanted {
            let key = (at, alike);
            match kept.standings.get(&key) {
                Some(standing) => _ = found.insert(key.1, standing),
                None => missing.push(key.1),
            }
        }
        missing
    }
}

async fn read(connection: &AsyncPgConnection, release: i32, wanted: &[Alike]) -> QueryResult<Vec<Standing>> {
    let columns = wanted.first().map_or(0, |alike| alike.len());
    let columns: Vec<Vec<&String>> = (0..columns).map(|at| wanted.iter().map(|alike| &alike[at]).collect()).collect();
    let mut standings: Vec<Standing> = wanted.iter().map(|_| Standing::default()).collect();
    for (at, row) in figures::load(connection, STANDINGS, &columns, release).await? {
        if let (Some(standing), Some(told)) = (standings.get_mut(at), row.cell(1)) {
            *standing = Standing::read(told);
        }
    }
    Ok(standings)
}
