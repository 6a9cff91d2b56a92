//! Owns whether a connection is idle, and the wish that it close: its stream reports the one and obeys the other.
//! Must not know bytes, requests, or why a connection should close.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Context;
use std::time::Instant;

use futures_util::task::AtomicWaker;

/// Stands for the instant of a connection that is not idle.
const BUSY: u64 = u64::MAX;

/// Instants are counted from here, since an atomic holds a number.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The idleness of one connection, shared by its stream and by who may close it.
#[derive(Debug)]
pub struct Idleness {
    /// Microseconds since [`START`].
    since: AtomicU64,
    closing: AtomicBool,
    stream: AtomicWaker,
}

impl Default for Idleness {
    /// That of a connection that is not open yet: it cannot be closed.
    fn default() -> Self {
        Self { since: AtomicU64::new(BUSY), closing: AtomicBool::new(false), stream: AtomicWaker::new() }
    }
}

impl Idleness {
    /// Records that a request is at the application.
    pub fn end(&self) {
        self.since.store(BUSY, Ordering::Release);
    }

    /// Records that no request is, and that all answers are sent. A connection that is idle stays idle since it was.
    pub fn begin(&self) {
        if self.since.load(Ordering::Acquire) == BUSY {
            let now = u64::try_from(START.elapsed().as_micros()).unwrap_or(BUSY - 1);
            self.since.store(now, Ordering::Release);
        }
    }

    /// Since when it is idle, in microseconds since an instant of the process; none if it is not, or is to close already.
    pub fn since(&self) -> Option<u64> {
        let since = self.since.load(Ordering::Acquire);
        (since != BUSY && !self.closing.load(Ordering::Acquire)).then_some(since)
    }

    /// Asks the connection to close, as soon as it is idle.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.stream.wake();
    }

    /// Whether it is to close. The task is woken when that changes.
    pub fn is_closing(&self, context: &Context<'_>) -> bool {
        self.stream.register(context.waker());
        self.closing.load(Ordering::Acquire)
    }
}
