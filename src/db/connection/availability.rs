//! Owns the availability of one database: whether it can be reached. Each outage makes one log line when it starts and one
//! when it ends, however many requests fail in between.
//! Must not know who uses the database, or what for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep_until;

/// The least time between two log lines about reads that time out.
const TIMEOUT_LOG_INTERVAL: Duration = Duration::from_secs(10);

/// The availability of one database. Clones share their state.
#[derive(Clone)]
pub struct Availability(Arc<AvailabilityState>);

struct AvailabilityState {
    /// `host:port/name`, for the log.
    address: String,
    /// When the current outage began; `None` while the database is reachable.
    down_since: watch::Sender<Option<Instant>>,
    /// When the database first refused a connection because it has too many; `None` while it accepts connections.
    full_since: Mutex<Option<Instant>>,
    /// When the log last had a line about a read that timed out.
    timeout_logged: Mutex<Option<Instant>>,
    /// Whether outages are no longer logged, because the server shuts down.
    silenced: AtomicBool,
}

impl Availability {
    /// A reachable database; `address` names it in the log.
    pub fn new(address: String) -> Self {
        Self(Arc::new(AvailabilityState {
            address,
            down_since: watch::Sender::new(None),
            full_since: Mutex::new(None),
            timeout_logged: Mutex::new(None),
            silenced: AtomicBool::new(false),
        }))
    }

    /// The name of the database in the log: `host:port/name`.
    pub fn address(&self) -> &str {
        &self.0.address
    }

    /// Records that the database cannot be reached.
    pub fn mark_down(&self, why: &str) {
        let first = self.0.down_since.send_if_modified(|since| {
            let first = since.is_none();
            since.get_or_insert_with(Instant::now);
            first
        });
        if first && !self.0.silenced.load(Ordering::Relaxed) {
            log::warn!("database {}: unreachable: {why}", self.0.address);
        }
    }

    /// Stops logging outages, because the server is shutting down.
    pub fn stop_logging(&self) {
        self.0.silenced.store(true, Ordering::Relaxed);
    }

    /// Records that the database has answered.
    pub fn mark_up(&self) {
        let mut ended = None;
        self.0.down_since.send_if_modified(|since| {
            ended = since.take();
            ended.is_some()
        });
        if let Some(since) = ended {
            log::info!("database {}: reachable again after {:.1} s", self.0.address, since.elapsed().as_secs_f64());
        }
    }

    /// Records that the database has refused a connection because it has too many.
    pub fn mark_full(&self, why: &str) {
        let mut since = self.0.full_since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.is_none() {
            log::warn!("database {}: too many connections: {why}", self.0.address);
            *since = Some(Instant::now());
        }
    }

    /// Records that a connection was opened.
    pub fn mark_connected(&self) {
        self.mark_up();
        let since = self.0.full_since.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(since) = since {
            log::info!("database {}: accepts connections again after {:.1} s", self.0.address, since.elapsed().as_secs_f64());
        }
    }

    /// Logs that a read has timed out, at most once per interval, and not during an outage.
    pub fn log_timeout(&self, why: &str) {
        let mut logged = self.0.timeout_logged.lock().unwrap_or_else(PoisonError::into_inner);
        if self.0.down_since.borrow().is_none() && logged.is_none_or(|logged| logged.elapsed() > TIMEOUT_LOG_INTERVAL) {
            log::warn!("database {}: read timed out: {why}", self.0.address);
            *logged = Some(Instant::now());
        }
    }

    /// Waits until one outage has lasted for `limit`.
    pub async fn down_for(&self, limit: Duration) {
        let mut watched = self.0.down_since.subscribe();
        loop {
            let since = *watched.borrow_and_update();
            let changed = async { watched.changed().await.is_ok() };
            match since {
                None => _ = changed.await,
                Some(since) => tokio::select! {
                    () = sleep_until((since + limit).into()) => return,
                    _ = changed => {}
                },
            }
        }
    }
}
