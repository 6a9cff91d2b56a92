//! Owns the ranks of figures among those of the territories of the same kind. To rank one figure all of its kind are read;
//! so what they come to is kept, bounded by its bytes, and the figures of the next territory are ranked without them.
//! Must not know which rows are asked for, nor how ranks are shown.

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

/// What is kept for each byte of the memory of answers: its fourth part.
const SHARE: u64 = 4;

/// Bytes that one value takes beside its text, about.
const OVERHEAD: usize = 56;

/// Bytes of a standing, about: how many are to be reckoned with.
const USUAL: u64 = 256 * 1024;

/// Bytes of each part that has a lock of its own, at least: the standing of all communes must fit several times.
const PART: u64 = 8 << 20;

/// The most parts.
const PARTS: u64 = 16;

/// The most standings that one statement reads: what is read is kept even when the time of the request is up.
const AT_ONCE: usize = 8;

/// What figures have in common that are ranked with each other: the indicator, period, breakdown, nature and source, and
/// the kind of their territories.
pub type Alike = [String; 6];

/// The place of a figure among those of the territories of its kind, the largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rank {
    /// Its place; equal values have the same.
    pub position: u64,
    /// The number of territories of the kind with a value.
    pub of: u64,
    /// How many others have the same value.
    pub tied: u64,
    /// How many have a suppressed value, and so no place.
    pub suppressed: u64,
}

/// How the figures of all territories of a kind stand to each other.
#[derive(Debug, Default)]
pub struct Standing {
    /// For each value, without zeros at its end, its place and how often it is there.
    places: HashMap<Box<str>, (u64, u64)>,
    of: u64,
    suppressed: u64,
}

impl Standing {
    /// Reads what the database tells: values, the largest first, each with how often it is there; at the end, without a
    /// value, how many are suppressed.
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

    /// The rank of a value, without zeros at its end; nothing for one that is not there.
    pub fn rank(&self, value: &str) -> Option<Rank> {
        let (position, number) = *self.places.get(value)?;
        Some(Rank { position, of: self.of, tied: number - 1, suppressed: self.suppressed })
    }
}

#[derive(Clone)]
struct Weights;

/// The number and time of a release, and what is ranked at it.
type Key = ((i32, i64), Alike);

impl Weighter<Key, Arc<Standing>> for Weights {
    fn weight(&self, key: &Key, standing: &Arc<Standing>) -> u64 {
        let texts: usize = key.1.iter().map(String::len).chain(standing.places.keys().map(|value| value.len())).sum();
        (texts + OVERHEAD * (standing.places.len() + key.1.len())) as u64
    }
}

/// The standings that are kept, for all workers. Copies are the same.
#[derive(Clone)]
pub struct Standings(Option<Arc<Kept>>);

struct Kept {
    standings: Cache<Key, Arc<Standing>, Weights>,
    /// Held by whoever reads them: after a publication many ask for the same at once.
    reading: Mutex<()>,
}

impl Standings {
    /// Standings beside a memory of so many bytes.
    pub fn new(memory: u64) -> Self {
        let bytes = memory / SHARE;
        if bytes == 0 {
            return Self(None);
        }
        let standings = bounded(bytes, USUAL, (bytes / PART).clamp(1, PARTS), Weights);
        Self(Some(Arc::new(Kept { standings, reading: Mutex::default() })))
    }

    /// How the figures of each of these stand at a release.
    ///
    /// # Errors
    /// The database's.
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

    /// Finds what is kept, and gives what is not.
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
