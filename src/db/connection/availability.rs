//! Owns what is known of the database's absence: since when it is away, told in one line when it goes and one when it is
//! back, however many ask in vain meanwhile.
//! Must not know who asks, or what for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep_until;

/// How often it is told that answers come too late.
const LATE: Duration = Duration::from_secs(10);

/// The absence of one database. Copies are the same one.
#[derive(Clone)]
pub struct Outage(Arc<Inner>);

struct Inner {
    /// What the database is called in the log.
    place: String,
    /// Since when it has not answered.
    away: watch::Sender<Option<Instant>>,
    /// Since when it has had no connection to spare, though it answers.
    crowded: Mutex<Option<Instant>>,
    /// When it was last told that an answer came too late.
    late: Mutex<Option<Instant>>,
    /// Whether nobody needs it any more.
    dismissed: AtomicBool,
}

impl Outage {
    /// No absence so far of the database at a place, which the log names.
    pub fn new(place: String) -> Self {
        let (away, crowded, late) = (watch::Sender::new(None), Mutex::new(None), Mutex::new(None));
        Self(Arc::new(Inner { place, away, crowded, late, dismissed: AtomicBool::new(false) }))
    }

    /// What the database is called in the log: host, port, name.
    pub fn place(&self) -> &str {
        &self.0.place
    }

    /// Takes note that the database does not answer.
    pub fn lost(&self, why: &str) {
        let first = self.0.away.send_if_modified(|away| {
            let first = away.is_none();
            away.get_or_insert_with(Instant::now);
            first
        });
        if first && !self.0.dismissed.load(Ordering::Relaxed) {
            log::warn!("the database {} does not answer: {why}", self.0.place);
        }
    }

    /// Takes note that nobody needs the database any more: that it goes is no news then.
    pub fn dismiss(&self) {
        self.0.dismissed.store(true, Ordering::Relaxed);
    }

    /// Takes note that it has answered.
    pub fn back(&self) {
        let mut since = None;
        self.0.away.send_if_modified(|away| {
            since = away.take();
            since.is_some()
        });
        if let Some(since) = since {
            log::info!("the database {} answers again, after {:.1} s", self.0.place, since.elapsed().as_secs_f64());
        }
    }

    /// Takes note that it answers, and has no connection to spare.
    pub fn crowded(&self, why: &str) {
        let mut crowded = self.0.crowded.lock().unwrap_or_else(PoisonError::into_inner);
        if crowded.is_none() {
            log::warn!("the database {} has no connection to spare: {why}", self.0.place);
            *crowded = Some(Instant::now());
        }
    }

    /// Takes note that a connection was opened.
    pub fn admitted(&self) {
        self.back();
        let since = self.0.crowded.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(since) = since {
            log::info!("the database {} has connections again, after {:.1} s", self.0.place, since.elapsed().as_secs_f64());
        }
    }

    /// Takes note that an answer came too late; while the database is away that goes without saying.
    pub fn late(&self, why: &str) {
        let mut told = self.0.late.lock().unwrap_or_else(PoisonError::into_inner);
        if self.0.away.borrow().is_none() && told.is_none_or(|told| told.elapsed() > LATE) {
            log::warn!("the database {} is too slow: {why}", self.0.place);
            *told = Some(Instant::now());
        }
    }

    /// Waits until the database has been away for so long without a break.
    pub async fn lasts(&self, patience: Duration) {
        let mut away = self.0.away.subscribe();
        loop {
            let since = *away.borrow_and_update();
            let changed = async { away.changed().await.is_ok() };
            match since {
                None => _ = changed.await,
                Some(since) => tokio::select! {
                    () = sleep_until((since + patience).into()) => return,
                    _ = changed => {}
                },
            }
        }
    }
}
