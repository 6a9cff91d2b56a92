//! Owns the open connections by client: how many each may have, and which idle one is closed for a client that has fewer.
//! Must not know sockets, nor what is served.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::connection::idleness::Idleness;
use crate::keyed_permits::LimitReached;

/// The connections of all clients. Clones share them.
#[derive(Clone)]
pub struct OpenConnections {
    each: usize,
    by_client: Arc<Mutex<HashMap<IpAddr, Vec<Arc<Idleness>>>>>,
}

/// One open connection, which its drop takes out.
pub struct OpenConnection {
    all: OpenConnections,
    client: IpAddr,
    idleness: Arc<Idleness>,
}

impl OpenConnections {
    /// None, of which each client may have some.
    pub fn new(each: u64) -> Self {
        Self { each: usize::try_from(each).unwrap_or(usize::MAX), by_client: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Vec<Arc<Idleness>>>> {
        self.by_client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection of a client.
    ///
    /// # Errors
    /// Returns the limit if the client has its share.
    pub fn open(&self, client: IpAddr) -> Result<OpenConnection, LimitReached> {
        let mut by_client = self.lock();
        let own = by_client.entry(client).or_default();
        if own.len() >= self.each {
            if own.is_empty() {
                by_client.remove(&client);
            }
            return Err(LimitReached::Share);
        }
        let idleness = Arc::new(Idleness::default());
        own.push(Arc::clone(&idleness));
        Ok(OpenConnection { all: self.clone(), client, idleness })
    }

    /// Asks the connection that is idle for the longest time to close, of the client that has the most and an idle one. That client
    /// must have more than one for whom it closes, who is counted with the connection that waits; `client` is none for a proxy, which
    /// speaks for many. Returns whether one closes.
    pub fn close_idle_for(&self, client: Option<IpAddr>) -> bool {
        let by_client = self.lock();
        let own = client.and_then(|client| by_client.get(&client)).map_or(1, Vec::len);
        let mut larger: Vec<&Vec<Arc<Idleness>>> = by_client.values().filter(|theirs| theirs.len() > own).collect();
        larger.sort_by_key(|theirs| Reverse(theirs.len()));
        let longest = |theirs: &&Vec<Arc<Idleness>>| {
            theirs.iter().filter_map(|one| Some((one.since()?, Arc::clone(one)))).min_by_key(|(since, _)| *since)
        };
        let Some((_, idle)) = larger.iter().find_map(longest) else { return false };
        idle.close();
        true
    }
}

impl OpenConnection {
    /// Its idleness.
    pub fn idleness(&self) -> Arc<Idleness> {
        Arc::clone(&self.idleness)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let mut by_client = self.all.lock();
        if let Some(own) = by_client.get_mut(&self.client) {
            own.retain(|one| !Arc::ptr_eq(one, &self.idleness));
            if own.is_empty() {
                by_client.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn client(last: u8) -> IpAddr {
        IpAddr::from(Ipv4Addr::new(192, 0, 2, last))
    }

    /// Connections of clients that are idle, one after the other.
    fn idle(all: &OpenConnections, clients: &[u8]) -> Vec<OpenConnection> {
        let open = |last: &u8| {
            let one = all.open(client(*last)).expect("there is room");
            std::thread::sleep(std::time::Duration::from_micros(10));
            one.idleness.begin();
            one
        };
        clients.iter().map(open).collect()
    }

    #[test]
    fn the_longest_idle_connection_of_the_client_with_the_most_closes() {
        let all = OpenConnections::new(3);
        let held = idle(&all, &[2, 1, 1, 1, 2]);
        assert_eq!(all.open(client(1)).err(), Some(LimitReached::Share));
        held[1].idleness.end();
        let new = all.open(client(3)).expect("it has none");
        let closing = || held.iter().map(|one| one.idleness.since().is_none()).collect::<Vec<_>>();
        assert!(all.close_idle_for(Some(client(3))));
        assert_eq!(closing(), [false, true, true, false, false], "the first of the client is busy");
        assert!(all.close_idle_for(None), "for a proxy");
        assert_eq!(closing(), [false, true, true, true, false]);
        assert!(all.close_idle_for(Some(client(3))), "no other of the client is idle");
        assert_eq!(closing(), [true, true, true, true, false]);
        drop((held, new));
        assert!(all.lock().is_empty());
    }

    #[test]
    fn nobody_makes_room_for_a_client_that_has_as_many() {
        let all = OpenConnections::new(9);
        let held = idle(&all, &[1, 1, 2]);
        let second = all.open(client(2)).expect("there is room");
        assert!(!all.close_idle_for(Some(client(2))), "it would have two, as the other has");
        assert!(!all.close_idle_for(Some(client(1))));
        let third = all.open(client(3)).expect("there is room");
        assert!(all.close_idle_for(Some(client(3))));
        drop((held, second, third));
    }
}
