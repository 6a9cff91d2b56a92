//! Owns the metrics for Prometheus: their names, units, labels and buckets, by its naming conventions.
//! Must not know what is served: other modules report what happens.

mod gauges;
mod process;
mod publications;
mod reads;
mod requests;

use std::sync::Arc;

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use crate::metrics::gauges::Levels;
pub use crate::metrics::publications::Publications;
pub use crate::metrics::reads::Reads;
pub use crate::metrics::requests::{Cached, InFlight, REFUSED, Requests, UNMATCHED};

/// The media type of [`Metrics::text`].
pub const TEXT: &str = prometheus_text::CONTENT_TYPE;

/// The metrics of one server. Clones share their values.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Registered>);

#[derive(Debug)]
struct Registered {
    registry: Registry,
    workers: requests::Workers,
    levels: gauges::Gauges,
    reads: Reads,
    publications: Publications,
    exports: ExportCounters,
    connections: ConnectionCounters,
}

/// The counters of connections.
#[derive(Clone, Debug, Default)]
pub struct ConnectionCounters {
    /// Those that were refused, since their client or all clients together had as many as they may.
    pub refused: Counter,
    /// Idle ones that were closed for a client with fewer.
    pub closed: Counter,
}

/// The counters of exports.
#[derive(Clone, Debug, Default)]
pub struct ExportCounters {
    /// ExportCounters that started.
    pub started: Counter,
    /// ExportCounters refused because too many ran, or held too much.
    pub refused: Counter,
    /// Those that were ended for others, since their clients read too slowly.
    pub ended: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(process::Process));
        let ours = registry.sub_registry_with_prefix("reperes");
        ours.register("build", "The program that runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        let (workers, exports) = (requests::Workers::default(), ExportCounters::default());
        ours.register_collector(Box::new(workers.clone()));
        let (levels, reads) = (gauges::Gauges::register(ours), Reads::register(ours));
        let publications = Publications::register(ours);
        ours.register("exports", "Answers of all rows that were let run", exports.started.clone());
        ours.register("exports_refused", "Answers of all rows that were refused, since too many ran", exports.refused.clone());
        let help = "Answers of all rows that were ended for others, since their clients read too slowly";
        ours.register("exports_ended", help, exports.ended.clone());
        let connections = ConnectionCounters::default();
        let help = "Connections that were refused, since their client or all clients together had as many as they may";
        ours.register("connections_refused", help, connections.refused.clone());
        let help = "Idle connections that were closed for a client with fewer, when all were taken";
        ours.register("connections_closed", help, connections.closed.clone());
        Self(Arc::new(Registered { registry, workers, levels, reads, publications, exports, connections }))
    }
}

impl Metrics {
    /// Adds a worker, and returns the counters for its thread. `policies` are the names of the rate limits.
    pub fn requests(&self, policies: &[&'static str]) -> Requests {
        self.0.workers.one_more(policies)
    }

    /// The metrics of database reads.
    pub fn reads(&self) -> Reads {
        self.0.reads.clone()
    }

    /// The metrics of publications.
    pub fn publications(&self) -> Publications {
        self.0.publications.clone()
    }

    /// The counters of exports.
    pub fn exports(&self) -> ExportCounters {
        self.0.exports.clone()
    }

    /// The counters of connections.
    pub fn connections(&self) -> ConnectionCounters {
        self.0.connections.clone()
    }

    /// All metrics in the text format of Prometheus, version 0.0.4.
    pub fn text(&self, levels: &Levels) -> String {
        self.0.levels.set(levels);
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.0.registry).expect("a String takes every write");
        text
    }
}
