//! Owns the lane of heavy reads: the places for those under way, a share of them for each client, and a queue that gives
//! waiting clients their turn one after the other. A read that cannot end in time is not begun.
//! Must not know what is read, nor over which connection.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};

use crate::db::DbError;
use crate::query::HeavyKind;

/// The most reads of one client that wait. Its time limit mostly allows fewer.
const MAX_WAITING: usize = 64;

/// The most clients whose last refusal is remembered.
const MAX_REFUSALS: usize = 4096;

/// The longest pause before a client that ignores `Retry-After` is refused again.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The longest time after which a refused client is asked to try again.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// The share of the time limit that no read is expected to need. Without it, a kind whose reads once took longer than the
/// limit would never be tried again.
const NEEDED_AT_MOST: f64 = 0.8;

/// The weight of the latest read in the expected duration of a kind.
const LEARNING: f64 = 0.2;

/// The lane. Copies share their places.
#[derive(Clone)]
pub struct HeavyLane(Arc<Shared>);

struct Shared {
    total: usize,
    each: usize,
    state: Mutex<LaneState>,
}

#[derive(Default)]
struct LaneState {
    running: usize,
    clients: HashMap<IpAddr, ClientReads>,
    /// The clients that wait, the next one first.
    turns: VecDeque<IpAddr>,
    /// The expected seconds of a read of each kind.
    expected: [f64; HeavyKind::NUMBER],
    /// The expected seconds of a read.
    typical: f64,
    /// Until when a client was asked to wait.
    refused: HashMap<IpAddr, Instant>,
}

#[derive(Default)]
struct ClientReads {
    running: usize,
    waiting: VecDeque<oneshot::Sender<HeavyPlace>>,
}

/// A place in the lane. It is returned on drop.
pub struct HeavyPlace {
    lane: HeavyLane,
    client: IpAddr,
    since: Instant,
}

impl HeavyLane {
    /// `total` places, of which each client can hold `each` at most.
    pub fn new(total: usize, each: usize) -> Self {
        let (total, each) = (total.max(1), each.max(1));
        Self(Arc::new(Shared { total, each, state: Mutex::default() }))
    }

    /// The reads under way, and those that wait.
    pub fn load(&self) -> (usize, usize) {
        let state = self.lock();
        (state.running, state.clients.values().map(|client| client.waiting.len()).sum())
    }

    /// Takes a place, or waits for one as long as the read can still end before the deadline.
    ///
    /// # Errors
    /// Returns [`DbError::Busy`] with the time after which a place is expected.
    pub async fn place(&self, client: IpAddr, kind: HeavyKind, deadline: Instant) -> Result<HeavyPlace, DbError> {
        let now = Instant::now();
        let admitted = {
            let mut state = self.lock();
            let (running, before) = state.clients.get_mut(&client).map_or((0, 0), |own| {
                own.waiting.retain(|sender| !sender.is_closed());
                (own.running, own.waiting.len())
            });
            if state.running < self.0.total && running < self.0.each && before == 0 {
                return Ok(state.begin(self, client));
            }
            let limit = deadline.saturating_duration_since(now);
            let needed = Duration::from_secs_f64(state.expected[kind as usize].min(limit.as_secs_f64() * NEEDED_AT_MOST));
            let wait = self.expected_wait(&state, (running, before));
            match before >= MAX_WAITING || wait + needed > limit {
                true => Err(state.refuse(client, wait, now)),
                false => Ok((state.wait(client), deadline - needed, wait)),
            }
        };
        let (retry, pause) = match admitted {
            Ok((place, latest, wait)) => match timeout_at(latest, place).await {
                Ok(Ok(place)) => return Ok(place),
                _ => self.lock().refuse(client, wait, Instant::now()),
            },
            Err(refused) => refused,
        };
        // One client with many connections would otherwise keep the service busy with refusals.
        sleep(pause).await;
        Err(DbError::Busy(retry))
    }

    /// How long a client waits for its next place: the turns of others that come before, and its own reads.
    fn expected_wait(&self, state: &LaneState, (running, before): (usize, usize)) -> Duration {
        let others = state.clients.values().map(|other| other.waiting.len().min(before + 1)).sum::<usize>();
        let turns = (others.max(before) + 1) as f64 / self.0.total as f64;
        let own = (running + before + 1).saturating_sub(self.0.each) as f64 / self.0.each as f64;
        Duration::from_secs_f64(state.typical * turns.max(own))
    }

    /// Gives free places to the clients that wait, one to each in turn.
    fn dispatch(&self) {
        loop {
            let next = self.lock().next(self);
            let Some((sender, place)) = next else { return };
            // Without a receiver the place comes back, and its drop dispatches again.
            if sender.send(place).is_err() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, LaneState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LaneState {
    fn begin(&mut self, lane: &HeavyLane, client: IpAddr) -> HeavyPlace {
        self.running += 1;
        self.clients.entry(client).or_default().running += 1;
        HeavyPlace { lane: lane.clone(), client, since: Instant::now() }
    }

    fn wait(&mut self, client: IpAddr) -> oneshot::Receiver<HeavyPlace> {
        let (sender, receiver) = oneshot::channel();
        self.clients.entry(client).or_default().waiting.push_back(sender);
        if !self.turns.contains(&client) {
            self.turns.push_back(client);
        }
        receiver
    }

    /// The next read to begin, if there is a place for one.
    fn next(&mut self, lane: &HeavyLane) -> Option<(oneshot::Sender<HeavyPlace>, HeavyPlace)> {
        for _ in 0..self.turns.len() {
            if self.running >= lane.0.total {
                return None;
            }
            let client = self.turns.pop_front()?;
            let Some(own) = self.clients.get_mut(&client) else { continue };
            own.waiting.retain(|sender| !sender.is_closed());
            let sender = if own.running < lane.0.each { own.waiting.pop_front() } else { None };
            if !own.waiting.is_empty() {
                self.turns.push_back(client);
            }
            match sender {
                Some(sender) => return Some((sender, self.begin(lane, client))),
                None => self.forget(client),
            }
        }
        None
    }

    /// Returns when the client may try again, and how long it is kept waiting for the refusal: not at all the first time.
    fn refuse(&mut self, client: IpAddr, wait: Duration, now: Instant) -> (Duration, Duration) {
        let retry = wait.clamp(Duration::from_secs(1), LONGEST_RETRY);
        if self.refused.len() >= MAX_REFUSALS {
            self.refused.retain(|_, until| *until > now);
        }
        let earlier = self.refused.get(&client).map(|until| until.saturating_duration_since(now));
        if self.refused.len() < MAX_REFUSALS || earlier.is_some() {
            self.refused.insert(client, now + retry);
            return (retry, earlier.unwrap_or_default().min(LONGEST_PAUSE));
        }
        (retry, LONGEST_PAUSE)
    }

    fn forget(&mut self, client: IpAddr) {
        if self.clients.get(&client).is_some_and(|own| own.running == 0 && own.waiting.is_empty()) {
            self.clients.remove(&client);
        }
    }
}

impl HeavyPlace {
    /// Learns from a read that has ended, or has run out of time, how long reads of its kind take.
    pub fn learn(&self, kind: HeavyKind) {
        let took = self.since.elapsed().as_secs_f64();
        let mut state = self.lane.lock();
        let learn = |known: f64| if known == 0.0 { took } else { known + LEARNING * (took - known) };
        state.typical = learn(state.typical);
        state.expected[kind as usize] = learn(state.expected[kind as usize]);
    }
}

impl Drop for HeavyPlace {
    fn drop(&mut self) {
        {
            let mut state = self.lane.lock();
            state.running -= 1;
            if let Some(own) = state.clients.get_mut(&self.client) {
                own.running -= 1;
            }
            state.forget(self.client);
        }
        self.lane.dispatch();
    }
}

#[cfg(test)]
mod tests;
