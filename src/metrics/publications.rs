//! Owns the metrics of publications over HTTP.
//! Must not know how a publication runs.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::publication::{Effect, Outcome};

/// The histogram buckets of durations in seconds: from a file of a few rows to one of millions.
const BOUNDS: [f64; 10] = [0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

/// The metrics of publications. Clones share their values.
#[derive(Clone, Debug)]
pub struct Publications {
    outcomes: Family<OutcomeLabel, Counter>,
    duration: Histogram,
    rows: Family<ChangeLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ChangeLabels {
    dataset: String,
    change: &'static str,
}

impl Default for Publications {
    /// Metrics that are not registered.
    fn default() -> Self {
        Self { outcomes: Family::default(), duration: Histogram::new(BOUNDS), rows: Family::default() }
    }
}

impl Publications {
    /// Registers the metrics.
    pub fn register(registry: &mut Registry) -> Self {
        let counts = Self::default();
        registry.register(
            "publications",
            "Publications over HTTP, trials included, by what came of them",
            counts.outcomes.clone(),
        );
        let help = "Time that publications over HTTP took, from the turn of each to its end";
        registry.register_with_unit("publication_duration", help, Unit::Seconds, counts.duration.clone());
        registry.register(
            "publication_rows",
            "Rows that releases over HTTP changed, those that are computed from others included",
            counts.rows.clone(),
        );
        // The first of each outcome must be seen as an increase from 0.
        for outcome in Outcome::ALL {
            counts.outcomes.get_or_create_owned(&OutcomeLabel { outcome: outcome.name() });
        }
        counts
    }

    /// Counts a publication that has ended.
    pub fn ended(&self, outcome: Outcome, spent: Duration) {
        self.outcomes.get_or_create(&OutcomeLabel { outcome: outcome.name() }).inc();
        self.duration.observe(spent.as_secs_f64());
    }

    /// Counts the rows that a release changed in one dataset.
    pub fn changed(&self, effect: &Effect) {
        for (change, rows) in [("added", effect.added), ("changed", effect.changed), ("withdrawn", effect.withdrawn)] {
            self.rows.get_or_create(&ChangeLabels { dataset: effect.dataset.clone(), change }).inc_by(rows);
        }
    }
}
