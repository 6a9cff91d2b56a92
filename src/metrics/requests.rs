//! Owns the metrics of requests: durations, requests in flight, cache outcomes, and requests over a rate limit. Each worker
//! has counters of its own, so that no request waits for another worker; a scrape sums them up.
//! Must not know what is requested.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Error;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// The route label of a request that matches no route.
pub const UNMATCHED: &str = "unmatched";

/// The route label of a request that was refused before routing.
pub const REFUSED: &str = "refused";

/// The methods with a label of their own; clients can invent any number of others.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"];

/// The histogram buckets of durations in seconds: from a cache hit to the statement timeout.
const BOUNDS: [f64; 14] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// One bucket for each bound, and one above them.
const BUCKETS: usize = BOUNDS.len() + 1;

/// The outcome of a cache lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cached {
    /// The answer was in the cache.
    Hit,
    /// The answer was in the cache, and may be older than the newest release.
    Stale,
    /// The answer was not in the cache, and was computed.
    Miss,
    /// The client has the answer: 304.
    NotModified,
}

impl Cached {
    const ALL: [Cached; 4] = [Cached::Hit, Cached::Stale, Cached::Miss, Cached::NotModified];

    /// The label value.
    pub fn name(self) -> &'static str {
        match self {
            Cached::Hit => "hit",
            Cached::Stale => "stale",
            Cached::Miss => "miss",
            Cached::NotModified => "not_modified",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: &'static str,
    status: u16,
}

/// The durations of one worker for one route, method and status.
#[derive(Debug, Default)]
struct Series {
    buckets: [AtomicU64; BUCKETS],
    nanos: AtomicU64,
}

/// The counters of one worker.
#[derive(Debug, Default)]
struct WorkerCounters {
    in_flight: AtomicI64,
    cached: [AtomicU64; Cached::ALL.len()],
    limited: Mutex<BTreeMap<&'static str, u64>>,
    series: Mutex<BTreeMap<RequestLabels, Arc<Series>>>,
}

/// The counters of all workers, collected as one.
#[derive(Clone, Debug, Default)]
pub struct Workers(Arc<Mutex<Vec<Arc<WorkerCounters>>>>);

/// A series of one route, by its method and status.
type KnownSeries = (&'static str, u16, Arc<Series>);

/// The counters of one worker, for its thread.
pub struct Requests {
    counters: Arc<WorkerCounters>,
    /// By route, so that a request allocates no labels.
    known: RefCell<HashMap<String, Vec<KnownSeries>>>,
}

/// A request in flight, until it is dropped.
pub struct InFlight(Arc<WorkerCounters>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

impl Requests {
    /// Counts a request in flight.
    pub fn begin(&self) -> InFlight {
        self.counters.in_flight.fetch_add(1, Relaxed);
        InFlight(Arc::clone(&self.counters))
    }

    /// Counts a request over a rate limit.
    pub fn limited(&self, policy: &'static str) {
        *lock(&self.counters.limited).entry(policy).or_default() += 1;
    }

    /// Counts an answer. `route` is the pattern of the path, so that clients cannot create labels.
    pub fn answered(&self, route: &str, method: &str, status: u16, spent: Duration, cached: Option<Cached>) {
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("other");
        let bucket = BOUNDS.partition_point(|bound| *bound < spent.as_secs_f64());
        let series = self.series(route, method, status);
        series.buckets[bucket].fetch_add(1, Relaxed);
        series.nanos.fetch_add(spent.as_nanos().try_into().unwrap_or(u64::MAX), Relaxed);
        if let Some(cached) = cached {
            self.counters.cached[cached as usize].fetch_add(1, Relaxed);
        }
    }

    fn series(&self, route: &str, method: &'static str, status: u16) -> Arc<Series> {
        let mut known = self.known.borrow_mut();
        let of_route = known.get(route).and_then(|all| all.iter().find(|(m, s, _)| (*m, *s) == (method, status)));
        if let Some((_, _, series)) = of_route {
            return Arc::clone(series);
        }
        let labels = RequestLabels { route: route.to_owned(), method, status };
        let series = Arc::clone(lock(&self.counters.series).entry(labels).or_default());
        known.entry(route.to_owned()).or_default().push((method, status, Arc::clone(&series)));
        series
    }
}

impl Workers {
    /// Adds a worker.
    pub fn one_more(&self, policies: &[&'static str]) -> Requests {
        let limited = Mutex::new(policies.iter().map(|policy| (*policy, 0)).collect());
        let counters = Arc::new(WorkerCounters { limited, ..WorkerCounters::default() });
        lock(&self.0).push(Arc::clone(&counters));
        Requests { counters, known: RefCell::default() }
    }
}

impl Collector for Workers {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        let workers = lock(&self.0).clone();
        let (mut answers, mut limited) = (BTreeMap::<RequestLabels, ([u64; BUCKETS], u64)>::new(), BTreeMap::new());
        for worker in &workers {
            for (labels, series) in lock(&worker.series).iter() {
                let (buckets, nanos) = answers.entry(labels.clone()).or_default();
                for (sum, one) in buckets.iter_mut().zip(&series.buckets) {
                    *sum += one.load(Relaxed);
                }
                *nanos += series.nanos.load(Relaxed);
            }
            for (policy, count) in lock(&worker.limited).iter() {
                *limited.entry(*policy).or_insert(0) += count;
            }
        }
        let help = "Time from the head of a request to that of its answer, by the pattern of its address.";
        let unit = Some(&Unit::Seconds);
        let mut family = encoder.encode_descriptor("http_request_duration", help, unit, MetricType::Histogram)?;
        for (labels, (buckets, nanos)) in &answers {
            let bounded: Vec<(f64, u64)> = BOUNDS.into_iter().chain([f64::INFINITY]).zip(buckets.iter().copied()).collect();
            let (sum, count) = (Duration::from_nanos(*nanos).as_secs_f64(), buckets.iter().sum());
            family.encode_family(labels)?.encode_histogram::<NoLabelSet>(sum, count, &bounded, None)?;
        }
        let in_flight = ConstGauge::new(workers.iter().map(|worker| worker.in_flight.load(Relaxed)).sum::<i64>());
        let help = "Requests that are being answered.";
        in_flight.encode(encoder.encode_descriptor("http_requests_in_flight", help, None, MetricType::Gauge)?)?;
        let help = "Requests that were refused, since they came too often, by policy.";
        let mut family = encoder.encode_descriptor("http_requests_limited", help, None, MetricType::Counter)?;
        for (policy, count) in limited {
            ConstCounter::new(count).encode(family.encode_family(&[("policy", policy)])?)?;
        }
        let help = "Answers that may be kept in memory, by how they came about.";
        let mut family = encoder.encode_descriptor("cache_answers", help, None, MetricType::Counter)?;
        for cached in Cached::ALL {
            let count: u64 = workers.iter().map(|worker| worker.cached[cached as usize].load(Relaxed)).sum();
            ConstCounter::new(count).encode(family.encode_family(&[("outcome", cached.name())])?)?;
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
