//! Owns the time limits of a connection: for a request head, for the pause between two requests, for a client that does not
//! read its answer. They hold for every request of a connection.
//!
//! actix-http limits the head of the first request only, and tells a connection neither when a head ends nor when an answer
//! does. So the outermost middleware reports both to a [`RequestTracker`], which the connection shares.
//! Must not know bytes or requests.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep_until};

use super::idleness::Idleness;

/// The time limits of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the head of a request, from its first byte.
    pub request_head: Duration,
    /// Without a byte from the client between two requests.
    pub keep_alive: Duration,
    /// Without a byte sent or read in the middle of a body.
    pub stall: Duration,
    /// The minimum rate of a body in bytes per second, on an average that allows one `stall`; 0 for no minimum.
    pub min_rate: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { request_head: seconds(10), keep_alive: seconds(75), stall: seconds(60), min_rate: 500 }
    }
}

/// The average rate of a body: the bytes that moved, and the time spent waiting for the client.
#[derive(Default)]
pub struct TransferRate {
    moved: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
}

impl TransferRate {
    /// Records bytes that moved, and ends a wait for the client.
    pub fn record(&mut self, bytes: u64) {
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
        }
        self.moved += bytes;
    }

    /// Starts a wait for the client, unless one runs, and returns its deadline.
    pub fn deadline(&mut self, timeouts: &Timeouts) -> Instant {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let earned = match timeouts.min_rate {
            0 => Duration::MAX,
            rate => Duration::from_secs(self.moved / rate),
        };
        since + timeouts.stall.saturating_add(earned).saturating_sub(self.waited).min(timeouts.stall)
    }
}

/// Which requests of a connection the application has received and answered. Copies share their counts.
#[derive(Clone)]
pub struct RequestTracker(Rc<RequestCounts>);

struct RequestCounts {
    idleness: Arc<Idleness>,
    in_progress: Cell<bool>,
    started: Cell<u64>,
    answered: Cell<u64>,
    answered_at: Cell<Instant>,
}

impl RequestTracker {
    /// The tracker of a connection that opens now.
    fn new(idleness: Arc<Idleness>) -> Self {
        idleness.begin();
        let (in_progress, started, answered) = Default::default();
        Self(Rc::new(RequestCounts { idleness, in_progress, started, answered, answered_at: Cell::new(Instant::now()) }))
    }

    /// Records that the application has received a request.
    pub fn start(&self) {
        self.0.idleness.end();
        self.0.in_progress.set(true);
        self.0.started.set(self.0.started.get() + 1);
    }

    /// Wraps the body of the answer: its drop, which follows the encoding of its last byte, ends the request.
    pub fn until_sent(self, body: BoxBody) -> BoxBody {
        BoxBody::new(TrackedBody { body, tracker: self })
    }

    /// How many requests the application has received.
    pub fn started(&self) -> u64 {
        self.0.started.get()
    }

    /// Whether the application has a request that is not answered to the end.
    pub fn in_progress(&self) -> bool {
        self.0.in_progress.get()
    }
}

struct TrackedBody {
    body: BoxBody,
    tracker: RequestTracker,
}

impl MessageBody for TrackedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        let counts = &self.tracker.0;
        counts.in_progress.set(false);
        counts.answered.set(counts.answered.get() + 1);
        counts.answered_at.set(Instant::now());
    }
}

/// A time limit that a client has exceeded.
#[derive(Debug, PartialEq, Eq)]
pub enum Expired {
    /// That of a request head.
    RequestHead,
    /// That of a connection without a request.
    KeepAlive,
}

/// The deadlines of one connection.
pub struct Deadlines {
    timeouts: Timeouts,
    tracker: RequestTracker,
    /// The number of answers before the request head that arrives, and the time of its first byte.
    head: Option<(u64, Instant)>,
    writes: TransferRate,
    /// The answer, by its number, that `writes` measures.
    measured: u64,
    last_write: Instant,
    timer: Option<Pin<Box<Sleep>>>,
    /// The task that the timer wakes.
    waker: Option<Waker>,
}

impl Deadlines {
    /// The deadlines of a connection that opens now.
    pub fn new(timeouts: Timeouts, idleness: Arc<Idleness>) -> Self {
        let tracker = RequestTracker::new(idleness);
        let last_write = Instant::now();
        Self { timeouts, tracker, head: None, writes: TransferRate::default(), measured: 0, last_write, timer: None, waker: None }
    }

    /// The requests of the connection.
    pub fn tracker(&self) -> &RequestTracker {
        &self.tracker
    }

    /// Records that bytes have been read.
    pub fn record_read(&mut self) {
        let answered = self.tracker.0.answered.get();
        if !self.tracker.in_progress() && self.head.is_none_or(|(after, _)| after != answered) {
            self.head = Some((answered, Instant::now()));
        }
    }

    /// Whether the application has no request, and the client has taken all that was sent.
    pub fn is_idle(&self) -> bool {
        !self.tracker.in_progress() && self.writes.waiting_since.is_none()
    }

    /// Is ready when the client has not sent a request head in time.
    pub fn poll_expired(&mut self, context: &mut Context<'_>) -> Poll<Expired> {
        if !self.is_idle() {
            return Poll::Pending;
        }
        let counts = &self.tracker.0;
        let answered = counts.answered.get();
        let (deadline, expired) = match self.head {
            Some((after, since)) if after == answered => (since + self.timeouts.request_head, Expired::RequestHead),
            _ if answered == 0 => (counts.answered_at.get() + self.timeouts.request_head, Expired::KeepAlive),
            _ => (counts.answered_at.get().max(self.last_write) + self.timeouts.keep_alive, Expired::KeepAlive),
        };
        self.poll_until(deadline, context).map(|()| expired)
    }

    /// Records that the client has taken bytes.
    pub fn record_write(&mut self, bytes: usize) {
        let answered = self.tracker.0.answered.get();
        if self.measured != answered && self.writes.waiting_since.is_none() {
            (self.writes, self.measured) = (TransferRate::default(), answered);
        }
        self.writes.record(bytes as u64);
        self.last_write = Instant::now();
    }

    /// Is ready when the client has not read its answer in time.
    pub fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.writes.deadline(&self.timeouts);
        self.poll_until(deadline, context)
    }

    /// Waits for an instant. The timer is reset only when it would fire too late, and polled only when it has another waker:
    /// both cost more than an answer from the cache can bear.
    pub fn poll_until(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        if let (Some(timer), Some(waker)) = (&self.timer, &self.waker)
            && !timer.is_elapsed()
            && timer.deadline() <= deadline
            && waker.will_wake(context.waker())
        {
            return Poll::Pending;
        }
        if Instant::now() >= deadline {
            return Poll::Ready(());
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(context).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
        self.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
