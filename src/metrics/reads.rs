//! Owns the metrics of database reads for requests.
//! Must not know what is read.

use std::time::Instant;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The histogram buckets of durations in seconds: from a lookup by key to the statement timeout.
const BOUNDS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// The metrics of reads. Clones share their values.
#[derive(Clone, Debug)]
pub struct Reads {
    duration: Histogram,
    in_flight: Gauge,
    /// Reads refused because too many were in flight.
    pub refused: Counter,
    /// Connections opened.
    pub opened: Counter,
    /// Connections dropped because they broke or timed out.
    pub lost: Counter,
}

/// A read in flight, which is counted when it is dropped.
#[derive(Debug)]
pub struct ReadTimer<'r>(&'r Reads, Instant);

impl Default for Reads {
    /// Metrics that are not registered.
    fn default() -> Self {
        let (in_flight, refused, opened, lost) = Default::default();
        Self { duration: Histogram::new(BOUNDS), in_flight, refused, opened, lost }
    }
}

impl Reads {
    /// Registers the metrics.
    pub fn register(registry: &mut Registry) -> Self {
        let reads = Self::default();
        let help = "Time that reads for requests took, connecting included, whatever came of them";
        registry.register_with_unit("database_read_duration", help, Unit::Seconds, reads.duration.clone());
        registry.register("database_reads_in_flight", "Reads that are under way", reads.in_flight.clone());
        registry.register("database_reads_refused", "Reads that were refused, since there was no room", reads.refused.clone());
        registry.register("database_connections_opened", "Connections opened for reads", reads.opened.clone());
        registry.register("database_connections_lost", "Connections for reads that were given up", reads.lost.clone());
        reads
    }

    /// Starts the clock of a read.
    pub fn begin(&self) -> ReadTimer<'_> {
        self.in_flight.inc();
        ReadTimer(self, Instant::now())
    }
}

impl Drop for ReadTimer<'_> {
    fn drop(&mut self) {
        self.0.in_flight.dec();
        self.0.duration.observe(self.1.elapsed().as_secs_f64());
    }
}
