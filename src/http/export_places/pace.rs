//! Owns the pace of one export: how far its client is behind the rate that it must keep while others wait.
//! Must not know who waits, nor what is exported.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// How far a client may be behind.
const GRACE: Duration = Duration::from_secs(5);

/// The pace of an export, which its connection reports and the places judge.
pub struct Pace {
    /// The least rate in bytes per second; 0 for none.
    rate: u64,
    debt: Mutex<Debt>,
    /// Whether its first bytes are not made yet.
    building: AtomicBool,
    ended: AtomicBool,
    end: Notify,
}

/// What a client owes: the time that it took for its bytes, beyond that of the least rate. A fast time earns nothing.
#[derive(Default)]
struct Debt {
    owed: Duration,
    waiting_since: Option<Instant>,
}

impl Debt {
    fn at(&self, now: Instant) -> Duration {
        self.owed + self.waiting_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

impl Pace {
    /// The pace of an export that begins. The least rate is in bytes per second; 0 for none. `is_built` says that it is read to its
    /// end before its first byte is given.
    pub fn new(rate: u64, is_built: bool) -> Self {
        let building = AtomicBool::new(is_built);
        Self { rate, debt: Mutex::default(), building, ended: AtomicBool::new(false), end: Notify::new() }
    }

    /// Whether it is being built: no client is waited for.
    pub fn is_building(&self) -> bool {
        self.building.load(Ordering::SeqCst)
    }

    fn debt(&self) -> MutexGuard<'_, Debt> {
        self.debt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that the connection has room for more: from here on the export is waited for.
    pub fn asked(&self) {
        self.asked_at(Instant::now());
    }

    fn asked_at(&self, now: Instant) {
        let mut debt = self.debt();
        debt.owed = debt.at(now);
        debt.waiting_since = None;
    }

    /// Records that the connection has got bytes: from here on the client is waited for.
    pub fn given(&self, bytes: usize) {
        self.building.store(false, Ordering::SeqCst);
        self.given_at(bytes, Instant::now());
    }

    pub(super) fn given_at(&self, bytes: usize, now: Instant) {
        let millis = (bytes as u64).saturating_mul(1000).checked_div(self.rate).unwrap_or(u64::MAX);
        let mut debt = self.debt();
        debt.owed = debt.owed.saturating_sub(Duration::from_millis(millis));
        debt.waiting_since = Some(now);
    }

    /// How long the client is behind the least rate.
    pub fn behind(&self) -> Duration {
        self.debt().at(Instant::now())
    }

    /// Whether the export may be ended for another.
    pub fn is_slow(&self) -> bool {
        self.rate > 0 && self.behind() > GRACE
    }

    /// Ends the export.
    pub fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.end.notify_waiters();
    }

    /// Whether the export was ended.
    pub fn is_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Waits until the export is ended.
    pub async fn ended(&self) {
        let notified = self.end.notified();
        tokio::pin!(notified);
        notified.as_mut().enable();
        if !self.is_ended() {
            notified.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_behind_by_the_time_that_its_bytes_should_not_have_taken() {
        let (pace, start) = (Pace::new(1000, false), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        pace.asked_at(start);
        pace.given_at(2000, start);
        assert_eq!(pace.debt().at(at(3)), Duration::from_secs(3), "what the connection got is not yet read");
        pace.asked_at(at(3));
        assert_eq!(pace.debt().at(at(60)), Duration::from_secs(3), "a time without bytes to read is not the client's");
        pace.given_at(2000, at(60));
        assert_eq!(pace.debt().at(at(60)), Duration::from_secs(1));
        pace.asked_at(at(60));
        pace.given_at(1_000_000, at(60));
        assert_eq!(pace.debt().at(at(66)), Duration::from_secs(6), "a fast time earns nothing for later");
    }

    #[test]
    fn without_a_least_rate_nobody_is_slow() {
        let pace = Pace::new(0, false);
        pace.given_at(1, Instant::now().checked_sub(Duration::from_secs(60)).expect("the machine runs for a minute"));
        assert!(!pace.is_slow());
        let pace = Pace::new(1, true);
        pace.given_at(1, Instant::now().checked_sub(Duration::from_secs(60)).expect("the machine runs for a minute"));
        assert!(pace.is_slow() && !pace.is_ended() && pace.is_building());
        pace.given(1);
        assert!(!pace.is_building());
        pace.end();
        assert!(pace.is_ended());
    }
}
