//! Outages of the database: cached responses are served, the rest is 503 with `Retry-After`, nothing hangs, and the service
//! wait_for_recovery by itself.

mod disk;
mod network;
mod postgres;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::harness::{Reply, SOURCES, bundle, get, publish, territories, until};

/// How long all responses may take together.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);

/// Addresses that no test has asked, each answered from the database.
const UNCACHED: [&str; 10] = [
    "/v1/territories?limit=1",
    "/v1/territories?limit=2&count=exact",
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

/// Asks for everything at once, several times, and gives the answers; none may hang.
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

/// An answer that says that the database is away, and when to come again.
fn check_unavailable(target: &str, reply: &Reply) {
    assert_eq!(reply.status, 503, "{target}: {}", reply.text());
    reply.problem(503);
    assert!(reply.header("retry-after").is_some(), "{target}");
}

/// Asks until the answer is there; every other answer meanwhile says that the database is away.
fn wait_for_recovery(address: SocketAddr, target: &str) {
    until(&format!("{target} is answered again"), || {
        let reply = get(address, target);
        if reply.status != 200 {
            check_unavailable(target, &reply);
        }
        reply.status == 200
    });
}
