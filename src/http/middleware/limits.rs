//! Owns how much of the service one process gives, and to whom: what the operator sets, in one place, and the counts of
//! who has had how much.
//! Must not know sockets or handlers.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::dev::ServiceRequest;
use ipnet::IpNet;

use super::client_ip::client;
use super::rate_limit::{Buckets, Quota, Toll};
use crate::http::connection::timeouts::Patience;

/// What the operator sets.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// The most connections at once.
    pub connections: usize,
    /// How long clients may take.
    pub patience: Patience,
    /// What a client may ask, by its address.
    pub requests: Quota,
    /// What a key may publish.
    pub publications: Quota,
    /// The networks of the proxies that are believed.
    pub proxies: Vec<IpNet>,
}

impl Default for Bounds {
    fn default() -> Self {
        let quota = |name, requests, seconds| Quota { name, requests, window: Duration::from_secs(seconds) };
        Self {
            connections: 10_000,
            patience: Patience::default(),
            requests: quota("requests", 60_000, 60),
            publications: quota("publications", 120, 3600),
            proxies: Vec::new(),
        }
    }
}

/// Who has asked how often, of all workers.
pub struct Counts {
    proxies: Vec<IpNet>,
    clients: Buckets<IpAddr>,
    /// By the name of the key.
    pub keys: Buckets<String>,
}

impl Counts {
    /// Counts that begin now.
    pub fn new(bounds: &Bounds) -> Self {
        let (clients, keys) = (Buckets::new(bounds.requests), Buckets::new(bounds.publications));
        Self { proxies: bounds.proxies.clone(), clients, keys }
    }

    /// Counts a request, if its client is counted: the machine itself is not, which is a proxy that nobody told of, or
    /// whoever measures.
    pub fn count(&self, request: &ServiceRequest) -> Option<(IpAddr, Toll)> {
        let client = client(request.peer_addr()?.ip(), request.headers(), &self.proxies);
        if client.is_loopback() {
            return None;
        }
        Some((client, self.clients.take(client)?))
    }

    /// Counts a request of a client no longer, since it cost nothing.
    pub fn forgive(&self, client: &IpAddr) {
        self.clients.give_back(client);
    }
}
