//! Owns how long a client may take: to send a head, to send nothing between two requests, to read an answer; of every
//! request of a connection, not only the first.
//!
//! The framework limits the first head alone. It tells nobody when a head ends either; so what goes around requests
//! says, through a [`Turn`], whose turn it is on the connection: the client's, to ask, or the service's, to answer.
//! Must not know bytes or requests.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the head of a request, from its first byte.
    pub head: Duration,
    /// To send nothing between two requests.
    pub idle: Duration,
    /// To neither read nor send a byte in the midst of a body.
    pub stall: Duration,
    /// The least bytes a second of a body, on an average that forgives `stall`; 0 for none.
    pub rate: u64,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { head: seconds(10), idle: seconds(75), stall: seconds(60), rate: 500 }
    }
}

/// How a body comes on: what was moved, and how long the client was waited for.
#[derive(Default)]
pub struct Meter {
    moved: u64,
    waited: Duration,
    since: Option<Instant>,
}

impl Meter {
    /// Takes note that bytes were moved.
    pub fn moved(&mut self, bytes: u64) {
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
        self.moved += bytes;
    }

    /// Takes note that the client is waited for, and says until when it is.
    pub fn waits(&mut self, patience: &Patience) -> Instant {
        let since = *self.since.get_or_insert_with(Instant::now);
        let earned = match patience.rate {
            0 => Duration::MAX,
            rate => Duration::from_secs(self.moved / rate),
        };
        since + patience.stall.saturating_add(earned).saturating_sub(self.waited).min(patience.stall)
    }
}

/// Whose turn it is on a connection.
#[derive(Clone)]
pub struct Turn(Rc<State>);

struct State {
    busy: Cell<bool>,
    answered: Cell<u64>,
    since: Cell<Instant>,
}

impl Turn {
    /// The service's, from now until the answer that is given to [`Turn::until_sent`] is gone.
    pub fn begin(&self) {
        self.0.busy.set(true);
    }

    /// A body with whose end it is the client's turn again.
    pub fn until_sent(self, body: BoxBody) -> BoxBody {
        BoxBody::new(Sent { body, turn: self })
    }
}

struct Sent {
    body: BoxBody,
    turn: Turn,
}

impl MessageBody for Sent {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        let state = &self.turn.0;
        state.busy.set(false);
        state.answered.set(state.answered.get() + 1);
        state.since.set(Instant::now());
    }
}

/// What a client that is too late has done.
#[derive(Debug, PartialEq, Eq)]
pub enum Late {
    /// Begun a request.
    Head,
    /// Nothing.
    Idle,
}

/// The watch over one connection.
pub struct Watch {
    patience: Patience,
    turn: Turn,
    /// After how many answers a head began to come, and when.
    head: Option<(u64, Instant)>,
    writes: Meter,
    answer: u64,
    written: Instant,
    timer: Option<Pin<Box<Sleep>>>,
    /// Whom the timer wakes.
    woken: Option<Waker>,
}

impl Watch {
    /// The watch over a connection that begins now, which is the client's turn.
    pub fn new(patience: Patience) -> Self {
        let now = Instant::now();
        let turn = Turn(Rc::new(State { busy: Cell::new(false), answered: Cell::new(0), since: Cell::new(now) }));
        Self { patience, turn, head: None, writes: Meter::default(), answer: 0, written: now, timer: None, woken: None }
    }

    /// Whose turn it is.
    pub fn turn(&self) -> &Turn {
        &self.turn
    }

    /// Takes note that bytes have come.
    pub fn has_read(&mut self) {
        let answered = self.turn.0.answered.get();
        if !self.turn.0.busy.get() && self.head.is_none_or(|(after, _)| after != answered) {
            self.head = Some((answered, Instant::now()));
        }
    }

    /// Whether the client whose bytes are waited for is too late.
    pub fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<Late> {
        if self.turn.0.busy.get() || self.writes.since.is_some() {
            return Poll::Pending;
        }
        let answered = self.turn.0.answered.get();
        let (deadline, late) = match self.head {
            Some((after, since)) if after == answered => (since + self.patience.head, Late::Head),
            _ if answered == 0 => (self.turn.0.since.get() + self.patience.head, Late::Idle),
            _ => (self.turn.0.since.get().max(self.written) + self.patience.idle, Late::Idle),
        };
        self.poll_until(deadline, context).map(|()| late)
    }

    /// Takes note that the client has read.
    pub fn has_written(&mut self, bytes: usize) {
        let answered = self.turn.0.answered.get();
        if self.answer != answered && self.writes.since.is_none() {
            (self.writes, self.answer) = (Meter::default(), answered);
        }
        self.writes.moved(bytes as u64);
        self.written = Instant::now();
    }

    /// Whether the client who is to read is too late.
    pub fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.writes.waits(&self.patience);
        self.poll_until(deadline, context)
    }

    /// Waits for an instant. The timer is moved only when it would be too late, and asked only when it does not know yet
    /// whom to wake: both cost more than a request from memory can bear.
    pub fn poll_until(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        if let (Some(timer), Some(woken)) = (&self.timer, &self.woken)
            && !timer.is_elapsed()
            && timer.deadline() <= deadline
            && woken.will_wake(context.waker())
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
        self.woken = Some(context.waker().clone());
        Poll::Pending
    }
}
