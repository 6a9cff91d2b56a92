//! Outages of the database: the service returns cached responses, answers 503 with `Retry-After` to all other requests, never
//! hangs, and recovers by itself.

mod disk;
mod network;
mod postgres;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::harness::{Reply, SOURCES, bundle, get, publish, territories, until};

/// The time limit of all responses together.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);

/// Addresses whose responses are not cached and come from the database.
const UNCACHED: [&str; 10] = [
    "/v1/territories?limit=1",
    "/v1/territories?limit=2&total=exact",
    "/v1/territories/COM-1?fields=code",
    "/v1/territories/COM-1/profile",
    "/v1/territories/COM-1/history",
    "/v1/territories?format=csv",
    "/v1/territories?format=ndjson&limit=1",
    "/v1/changes?since=0",
    "/v1/files/sources.ndjson",
    "/health/ready",
];

fn publish_first(url: &str) {
    let communes = territories(&[("COM-1", "A", "1"), ("COM-2", "B", "2"), ("COM-3", "C", "3")]);
    publish(url, &bundle(&[("sources", SOURCES), ("territories", &communes)])).expect("the bundle is right");
}

/// Requests every address three times at once and returns the responses; none may hang.
fn all_at_once(address: SocketAddr) -> Vec<(&'static str, Reply)> {
    let asking: Vec<_> = UNCACHED
        .iter()
        .flat_map(|target| [*target; 3])
        .map(|target| std::thread::spawn(move || (target, get(address, target))))
        .collect();
    let started = Instant::now();
    let replies = asking.into_iter().map(|thread| thread.join().expect("an answer came")).collect();
    assert!(started.elapsed() < RESPONSE_TIMEOUT, "the answers took {:?}", started.elapsed());
    replies
}

/// Checks that a response is a 503 with `Retry-After`.
fn check_unavailable(target: &str, reply: &Reply) {
    assert_eq!(reply.status, 503, "{target}: {}", reply.text());
    reply.problem(503);
    assert!(reply.header("retry-after").is_some(), "{target}");
}

/// Repeats a request until it answers 200. Every response before must be a 503 with `Retry-After`.
fn wait_for_recovery(address: SocketAddr, target: &str) {
    until(&format!("{target} is answered again"), || {
        let reply = get(address, target);
        if reply.status != 200 {
            check_unavailable(target, &reply);
        }
        reply.status == 200
    });
}
