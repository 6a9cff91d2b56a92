//! Owns the places of exports: how many run, for each client and in total, what they hold in memory and in temporary files,
//! and which slow export is ended for a client that waits for its place.
//! Must not know what is exported, nor how rows are read or sent.

mod limits;
mod pace;
mod temporary;

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

pub use self::limits::{Demand, ExportLimits};
pub use self::pace::Pace;
use self::temporary::ClientSpace;
pub use self::temporary::SpaceRefused;
use crate::format::TemporarySpace;
use crate::keyed_permits::{KeyedPermit, KeyedPermits, LimitReached};
use crate::metrics::ExportCounters;
use crate::problem::{Kind, Problem};

/// How long an export waits while its client has its share.
const SHARE_PATIENCE: Duration = Duration::from_secs(3);

/// How long an export waits while others have all places: longer than it takes a client to be found slow.
const PATIENCE: Duration = Duration::from_secs(6);

/// How often a waiting export looks for a slow one.
const LOOK: Duration = Duration::from_millis(100);

/// Who has a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
    Address(IpAddr),
    /// A client without an address, as in tests: each of its exports stands alone.
    Alone(u64),
}

/// The places of a process. Clones share them.
#[derive(Clone)]
pub struct ExportPlaces(Arc<Places>);

struct Places {
    limits: ExportLimits,
    places: KeyedPermits<Client>,
    memory: KeyedPermits<Client>,
    temporary: KeyedPermits<Client>,
    /// Those that wait. As many may wait as may run.
    waiting_rooms: KeyedPermits<Client>,
    queue: Mutex<Queue>,
    next: AtomicU64,
    changed: Notify,
    counts: ExportCounters,
}

#[derive(Default)]
struct Queue {
    running: Vec<(u64, Client, Arc<Pace>)>,
    waiting: Vec<(u64, Client, Demand)>,
}

impl Queue {
    /// The number of exports that are being built.
    fn building(&self) -> usize {
        self.running.iter().filter(|(.., pace)| pace.is_building()).count()
    }
}

/// Why an export does not begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blocked {
    /// Its client has its share.
    Share,
    /// As many are being built as may be.
    Builds,
    /// All clients together have all places, or all memory.
    Total,
}

impl From<LimitReached> for Blocked {
    fn from(limit: LimitReached) -> Self {
        match limit {
            LimitReached::Share => Self::Share,
            LimitReached::Total => Self::Total,
        }
    }
}

/// The place of a running export, free again on drop.
pub struct ExportPlace {
    places: ExportPlaces,
    ticket: u64,
    client: Client,
    pace: Arc<Pace>,
    held: Option<[KeyedPermit<Client>; 2]>,
}

/// An export in the queue, which it leaves on drop.
struct InQueue<'p> {
    places: &'p ExportPlaces,
    ticket: u64,
    client: Client,
    demand: Demand,
}

impl ExportPlaces {
    /// Free places.
    pub fn new(limits: ExportLimits, counts: ExportCounters) -> Self {
        Self(Arc::new(Places {
            places: KeyedPermits::new(limits.places, limits.places_each),
            memory: KeyedPermits::new(limits.memory, limits.memory / 2),
            temporary: KeyedPermits::new(limits.temporary, limits.temporary / 2),
            waiting_rooms: KeyedPermits::new(limits.places, limits.places_each),
            limits,
            queue: Mutex::default(),
            next: AtomicU64::new(0),
            changed: Notify::new(),
            counts,
        }))
    }

    /// The places under other limits, of which none is taken.
    pub fn within(&self, limits: ExportLimits) -> Self {
        Self::new(limits, self.0.counts.clone())
    }

    /// The number of running exports.
    pub fn running(&self) -> usize {
        self.0.queue().running.len()
    }

    /// Takes a place for an export of a client, and the memory that it is reckoned with. Waits a moment if none is free;
    /// meanwhile exports whose clients read too slowly are ended. `client` is none for one that has no share.
    ///
    /// # Errors
    /// Returns 429 if the client has its share, 503 if all clients together have all places, or those of exports that are being built.
    pub async fn acquire(&self, client: Option<IpAddr>, demand: Demand) -> Result<ExportPlace, Problem> {
        let ticket = self.0.next.fetch_add(1, Ordering::Relaxed);
        let client = client.map_or(Client::Alone(ticket), Client::Address);
        let Ok(_room) = self.0.waiting_rooms.try_acquire(&client, 1) else {
            return Err(self.refused(Blocked::Share));
        };
        let queued =
            InQueue::enter(self, ticket, client, Demand { memory: demand.memory.min(self.0.limits.memory / 2), ..demand });
        let begun = Instant::now();
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let blocked = match queued.try_begin() {
                Ok(place) => {
                    self.0.counts.started.inc();
                    return Ok(place);
                }
                Err(blocked) => blocked,
            };
            let end = match blocked {
                Blocked::Share => begun + SHARE_PATIENCE,
                // The end of a slow export would not help.
                Blocked::Builds => begun + PATIENCE,
                Blocked::Total => {
                    self.end_slowest();
                    begun + PATIENCE
                }
            };
            let now = Instant::now();
            if now >= end {
                return Err(self.refused(blocked));
            }
            _ = timeout_at(end.min(now + LOOK), changed).await;
        }
    }

    fn refused(&self, blocked: Blocked) -> Problem {
        self.0.counts.refused.inc();
        match blocked {
            Blocked::Share => Problem::new(
                Kind::TooManyRequests,
                format!(
                    "This address has its share of the exports that run at once: {} in number, or half of their memory.",
                    self.0.limits.places_each
                ),
            ),
            Blocked::Builds => Problem::new(
                Kind::Unavailable,
                "Too many workbooks and cubes are being built: take `csv`, `ndjson` or `parquet`, which are sent as they are read, or try again.",
            ),
            Blocked::Total => Problem::new(Kind::Unavailable, "Too many exports are running."),
        }
    }

    /// Ends the slow export that is the furthest behind, of the client with the most places, unless as many as wait are
    /// ending.
    fn end_slowest(&self) {
        let queue = self.0.queue();
        let ending = queue.running.iter().filter(|(.., pace)| pace.is_ended()).count();
        if ending >= queue.waiting.len().max(1) {
            return;
        }
        let slow = queue.running.iter().filter(|(.., pace)| !pace.is_ended() && pace.is_slow());
        if let Some((_, client, pace)) = slow.max_by_key(|(_, client, pace)| (self.0.places.held_by(client), pace.behind())) {
            self.0.counts.ended.inc();
            log::warn!(
                "an export of {client:?} is ended, since others wait for a place and it is {:.0?} behind {} bytes/s",
                pace.behind(),
                self.0.limits.min_rate
            );
            pace.end();
        }
    }
}

impl Places {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a client has so much that a further export would exceed its share.
    fn has_share(&self, client: &Client, memory: u64) -> bool {
        let limits = self.limits;
        self.places.held_by(client) >= limits.places_each.min(limits.places)
            || self.memory.held_by(client) + memory > limits.memory / 2
    }
}

impl<'p> InQueue<'p> {
    fn enter(places: &'p ExportPlaces, ticket: u64, client: Client, demand: Demand) -> Self {
        places.0.queue().waiting.push((ticket, client, demand));
        Self { places, ticket, client, demand }
    }

    /// Takes a place if it is this export's turn: the client with the fewest places comes first, then who came first. A client
    /// that has its share lets others pass, and so does an export that is built while too many are.
    fn try_begin(&self) -> Result<ExportPlace, Blocked> {
        let (places, client) = (&self.places.0, self.client);
        let mut queue = places.queue();
        if places.has_share(&client, self.demand.memory) {
            return Err(Blocked::Share);
        }
        let builds_are_full = queue.building() >= places.limits.builds();
        if self.demand.is_built && builds_are_full {
            return Err(Blocked::Builds);
        }
        let turn = |client: &Client, ticket: u64| (places.places.held_by(client), ticket);
        let own = turn(&client, self.ticket);
        let earlier = |(ticket, client, demand): &(u64, Client, Demand)| {
            let passed = places.has_share(client, demand.memory) || (demand.is_built && builds_are_full);
            turn(client, *ticket) < own && !passed
        };
        if queue.waiting.iter().any(earlier) {
            return Err(Blocked::Total);
        }
        let held = Some([places.places.try_acquire(&client, 1)?, places.memory.try_acquire(&client, self.demand.memory)?]);
        let pace = Arc::new(Pace::new(places.limits.min_rate, self.demand.is_built));
        queue.running.push((self.ticket, client, Arc::clone(&pace)));
        Ok(ExportPlace { places: self.places.clone(), ticket: self.ticket, client, pace, held })
    }
}

impl Drop for InQueue<'_> {
    fn drop(&mut self) {
        self.places.0.queue().waiting.retain(|(ticket, ..)| *ticket != self.ticket);
        self.places.0.changed.notify_waiters();
    }
}

impl ExportPlace {
    /// The pace of the export.
    pub fn pace(&self) -> Arc<Pace> {
        Arc::clone(&self.pace)
    }

    /// The temporary files of the export.
    pub fn temporary(&self) -> Box<dyn TemporarySpace> {
        let (places, most) = (self.places.clone(), self.places.0.limits.temporary);
        match places.0.temporary.try_acquire(&self.client, 0) {
            Ok(held) => Box::new(ClientSpace { held, most, make_room: Box::new(move || places.end_slowest()) }),
            Err(_) => unreachable!("no bytes exceed no limit"),
        }
    }
}

impl Drop for ExportPlace {
    fn drop(&mut self) {
        self.places.0.queue().running.retain(|(ticket, ..)| *ticket != self.ticket);
        // Before anybody is woken, who would find no place.
        self.held = None;
        self.places.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
