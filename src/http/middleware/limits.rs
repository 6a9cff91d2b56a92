//! Owns the limits that the operator sets on one process, and the rate limiters that apply them.
//! Must not know sockets or handlers.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::ServiceRequest;
use ipnet::IpNet;

use super::client_ip::{client_ip, is_trusted};
use super::rate_limit::{Decision, Quota, RateLimiter};
use crate::http::connection::timeouts::Timeouts;

/// The limits that the operator sets.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// The most connections at once.
    pub connections: usize,
    /// The most connections of one client at once. Trusted proxies have no such limit.
    pub connections_per_client: u64,
    /// The time limits of a connection.
    pub timeouts: Timeouts,
    /// The requests of a client, by its address.
    pub requests: Quota,
    /// The publications of an API key.
    pub publications: Quota,
    /// The networks of the proxies whose `Forwarded` headers are trusted.
    pub proxies: Vec<IpNet>,
}

impl Bounds {
    /// The client whose share a request takes. All clients whom a trusted proxy does not name are one.
    pub fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        Some(client_ip(request.peer_addr()?.ip(), request.headers(), &self.proxies))
    }
}

impl Default for Bounds {
    fn default() -> Self {
        let quota = |name, requests, seconds| Quota { name, requests, window: Duration::from_secs(seconds) };
        Self {
            connections: 10_000,
            connections_per_client: 1000,
            timeouts: Timeouts::default(),
            requests: quota("requests", 60_000, 60),
            publications: quota("publications", 120, 3600),
            proxies: Vec::new(),
        }
    }
}

/// The rate limiters of a process, which all workers share.
pub struct RateLimiters {
    proxies: Vec<IpNet>,
    clients: RateLimiter<IpAddr>,
    /// By the name of the API key.
    pub keys: RateLimiter<String>,
}

impl RateLimiters {
    /// Rate limiters with full buckets.
    pub fn new(bounds: &Bounds) -> Self {
        let (clients, keys) = (RateLimiter::new(bounds.requests), RateLimiter::new(bounds.publications));
        Self { proxies: bounds.proxies.clone(), clients, keys }
    }

    /// Takes a request from the bucket of its client. A peer on this machine has no limit unless it is a trusted proxy: it stands
    /// for a local proxy that is not configured, or for a benchmark.
    pub fn check(&self, request: &ServiceRequest) -> Option<(IpAddr, Decision)> {
        let peer = request.peer_addr()?.ip();
        if peer.to_canonical().is_loopback() && !is_trusted(peer, &self.proxies) {
            return None;
        }
        let client = client_ip(peer, request.headers(), &self.proxies);
        Some((client, self.clients.check(&client)?))
    }

    /// Gives a request back to its client: a 304 costs nothing.
    pub fn refund(&self, client: &IpAddr) {
        self.clients.refund(client);
    }
}
