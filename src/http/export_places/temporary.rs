//! Owns the bytes of temporary files that one export holds, within the limits of its client and of all exports.
//! Must not know where the files are, nor who the client is.

use std::fmt;
use std::hash::Hash;
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::format::TemporarySpace;
use crate::keyed_permits::{KeyedPermit, LimitReached};
use crate::problem::{Kind, Problem};

/// How long a writer waits while all space is held, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(100);

/// Why a temporary file may not grow. It is inside an error of the kind `QuotaExceeded`.
#[derive(Clone, Copy, Debug)]
pub struct SpaceRefused {
    limit: LimitReached,
    /// That limit in bytes.
    most: u64,
}

impl SpaceRefused {
    /// The refusal inside an error, if that is why it failed.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }

    /// The problem that the client sees: 429 if it has its share, 503 if all exports together have all space.
    pub fn problem(self) -> Problem {
        let kind = match self.limit {
            LimitReached::Share => Kind::TooManyRequests,
            LimitReached::Total => Kind::Unavailable,
        };
        Problem::new(kind, format!("{self}: take `csv`, `ndjson` or `parquet`, which need none, or filter more."))
    }
}

impl fmt::Display for SpaceRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = self.most / 1_000_000;
        match self.limit {
            LimitReached::Share => write!(f, "The workbooks of one address may hold {megabytes} MB of temporary files at once"),
            LimitReached::Total => write!(f, "All workbooks together may hold {megabytes} MB of temporary files at once"),
        }
    }
}

impl std::error::Error for SpaceRefused {}

/// The space of one export.
pub struct ClientSpace<K: Hash + Eq> {
    /// What it holds.
    pub held: KeyedPermit<K>,
    /// The most bytes of all exports; one client may have half.
    pub most: u64,
    /// Called while all space is held, to end a slow export.
    pub make_room: Box<dyn Fn() + Send>,
}

impl<K: Hash + Eq + Clone + Send> TemporarySpace for ClientSpace<K> {
    fn take(&mut self, bytes: u64) -> io::Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            let (limit, most) = match self.held.try_grow(bytes) {
                Ok(()) => return Ok(()),
                Err(limit @ LimitReached::Share) => (limit, self.most / 2),
                Err(limit @ LimitReached::Total) => (limit, self.most),
            };
            if limit == LimitReached::Share || Instant::now() >= end {
                return Err(io::Error::new(io::ErrorKind::QuotaExceeded, SpaceRefused { limit, most }));
            }
            (self.make_room)();
            sleep(LOOK);
        }
    }

    fn give_back(&mut self, bytes: u64) {
        self.held.give_back(bytes);
    }
}
