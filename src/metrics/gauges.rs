//! Owns the gauges whose values are read at each scrape.
//! Must not know where the values come from.

use std::sync::atomic::AtomicU64;

use chrono::{DateTime, Utc};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// The values of the gauges at one scrape.
#[derive(Clone, Debug)]
pub struct Levels {
    /// Whether the database answers.
    pub database: bool,
    /// The newest known release: its number and its time of publication.
    pub release: Option<(i32, DateTime<Utc>)>,
    /// The response cache: its bytes and its entries.
    pub cache: (u64, usize),
    /// Exports in progress.
    pub exports: usize,
    /// Heavy reads under way, and those that wait for a place.
    pub heavy_reads: (usize, usize),
}

/// The gauges.
#[derive(Debug, Default)]
pub struct Gauges {
    database: Gauge,
    release: Gauge,
    published: Gauge<f64, AtomicU64>,
    cache_bytes: Gauge<u64, AtomicU64>,
    cache_entries: Gauge,
    exports: Gauge,
    heavy_running: Gauge,
    heavy_waiting: Gauge,
}

impl Gauges {
    /// Registers the gauges.
    pub fn register(registry: &mut Registry) -> Self {
        let gauges = Self::default();
        registry.register("database_up", "Whether the database answers: 1 or 0", gauges.database.clone());
        registry.register("release_number", "Number of the newest release that is known; 0 for none", gauges.release.clone());
        let help = "When the newest release that is known was published; 0 for none";
        registry.register_with_unit("release_timestamp", help, Unit::Seconds, gauges.published.clone());
        registry.register_with_unit("cache_size", "Answers that are kept in memory", Unit::Bytes, gauges.cache_bytes.clone());
        registry.register("cache_entries", "Number of the answers that are kept in memory", gauges.cache_entries.clone());
        registry.register("exports_running", "Answers of all rows that are under way", gauges.exports.clone());
        let help = "Heavy reads of the database that are under way";
        registry.register("database_heavy_reads_running", help, gauges.heavy_running.clone());
        registry.register("database_heavy_reads_waiting", "Heavy reads that wait for a place", gauges.heavy_waiting.clone());
        gauges
    }

    /// Sets the gauges.
    pub fn set(&self, levels: &Levels) {
        self.database.set(levels.database.into());
        let (number, published) = levels.release.unwrap_or_default();
        self.release.set(number.into());
        self.published.set(published.timestamp_micros() as f64 / 1e6);
        self.cache_bytes.set(levels.cache.0);
        self.cache_entries.set(whole(levels.cache.1));
        self.exports.set(whole(levels.exports));
        self.heavy_running.set(whole(levels.heavy_reads.0));
        self.heavy_waiting.set(whole(levels.heavy_reads.1));
    }
}

fn whole(number: usize) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
