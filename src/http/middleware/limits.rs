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
use crate::http::export_places::ExportLimits;

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
    /// The time of heavy reads of a client in the database, in milliseconds.
    pub database_time: Quota,
    /// The publications of an API key.
    pub publications: Quota,
    /// The networks of the proxies whose `Forwarded` headers are trusted.
    pub proxies: Vec<IpNet>,
    /// The exports that run at once.
    pub exports: ExportLimits,
    /// The most rows that one aggregate reads, about.
    pub aggregate_rows: i64,
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
            database_time: quota("database-time", 60_000, 60),
            publications: quota("publications", 120, 3600),
            proxies: Vec::new(),
            exports: ExportLimits::default(),
            aggregate_rows: 5_000_000,
        }
    }
}

/// The rate limiters of a process, which all workers share.
pub struct RateLimiters {
    proxies: Vec<IpNet>,
    clients: RateLimiter<IpAddr>,
    /// Milliseconds in the database.
    database_time: RateLimiter<IpAddr>,
    /// By the name of the API key.
    pub keys: RateLimiter<String>,
}

impl RateLimiters {
    /// Rate limiters with full buckets.
    pub fn new(bounds: &Bounds) -> Self {
        let (clients, keys) = (RateLimiter::new(bounds.requests), RateLimiter::new(bounds.publications));
        let database_time = RateLimiter::new(bounds.database_time);
        Self { proxies: bounds.proxies.clone(), clients, database_time, keys }
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

    /// Takes the first millisecond of a heavy read from the budget of its client. Loopback addresses have no limit.
    pub fn check_database_time(&self, client: &IpAddr) -> Option<Decision> {
        if client.is_loopback() { None } else { self.database_time.check(client) }
    }

    /// Takes the time of a heavy read, of which the first millisecond was taken before.
    pub fn charge_database_time(&self, client: &IpAddr, time: Duration) {
        let millis = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        self.database_time.charge(client, millis.saturating_sub(1));
    }

    /// Gives a request back to its client: a 304 costs nothing.
    pub fn refund(&self, client: &IpAddr) {
        self.clients.refund(client);
    }
}
