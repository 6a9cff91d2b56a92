//! Owns connections to one database that nobody uses at the moment, for reads that hold one alone.
//! Must not know how a connection is opened, nor what is read.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::reading_connection::ReadingConnection;
use super::replicas::SeenReleases;

/// A connection with what is known of it.
pub struct HeldConnection {
    /// The connection.
    pub connection: ReadingConnection,
    /// The releases that it is known to see.
    pub seen: SeenReleases,
    /// The epoch of the database (see [`super::replicas::ReplicaHandle`]) in which it was opened.
    pub epoch: u64,
}

/// The idle connections, which may have died: only their next use shows it.
#[derive(Default)]
pub struct IdleConnections(Mutex<Vec<HeldConnection>>);

impl IdleConnections {
    /// Takes a connection, if there is one. Those of earlier epochs are closed.
    pub fn take(&self, epoch: u64) -> Option<HeldConnection> {
        let mut idle = self.lock();
        idle.retain(|held| held.epoch >= epoch);
        idle.pop()
    }

    /// Puts a connection back.
    pub fn put(&self, held: HeldConnection) {
        self.lock().push(held);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<HeldConnection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
