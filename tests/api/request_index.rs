//! The short way to answers in memory: it must never be told from the long one, but by being there at once.

use std::net::SocketAddr;

use reperes::datasets::REGISTRY;
use reperes::http::cache::request_index::Shortcuts;
use reperes::http::cache::store::Memory;

use crate::harness::{Reply, SOURCES, TestServer, ask, bundle, bundled, get, migrated, publish, shared, territories, until};

/// What every answer has of its own, and what says where it came from.
const PASSING: [&str; 4] = ["date", "x-request-id", "cache-status", "server-timing"];

/// Headers that choose among answers, or say what the client has.
const ASKING: [&[&str]; 8] = [
    &[],
    &["Accept: text/csv"],
    &["Accept: application/json;q=0.5, text/csv"],
    &["Accept: text/csv", "Accept: application/json;q=0.1"],
    &["Accept-Encoding: gzip"],
    &["Accept-Encoding: br;q=0.2, zstd"],
    &["Accept: text/csv", "Accept-Encoding: gzip"],
    &["If-None-Match: *"],
];

fn lasting(reply: &Reply) -> Vec<(&str, &str)> {
    let mut headers: Vec<_> = reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    headers.retain(|(name, _)| !PASSING.contains(name));
    headers.sort_unstable();
    headers
}

fn asked(server: SocketAddr, target: &str, asking: &[&str]) -> Reply {
    ask(server, "GET", target, &asking.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())
}

#[test]
fn the_short_way_answers_as_the_long_one_does() {
    let server = TestServer::on(&migrated_with_three());
    for dataset in REGISTRY.iter().filter(|dataset| dataset.public) {
        let path = format!("/v1/{}", dataset.name);
        let targets = ["", "?limit=2", "?limit=2&count=exact", "?release=1&limit=1", "?limit=2&"];
        for target in targets.map(|query| format!("{path}{query}")) {
            for asking in ASKING {
                let long = asked(server.address, &target, asking);
                for _ in 0..2 {
                    let short = asked(server.address, &target, asking);
                    assert_eq!(short.status, long.status, "{target} {asking:?}");
                    assert_eq!(lasting(&short), lasting(&long), "{target} {asking:?}");
                    assert!(short.body == long.body, "{target} {asking:?}");
                }
            }
        }
    }
}

/// A database with one release of three communes.
fn migrated_with_three() -> String {
    let url = migrated();
    let rows = territories(&[("COM-1", "A", "1"), ("COM-2", "B", "2"), ("COM-3", "C", "3")]);
    publish(&url, &bundle(&[("sources", SOURCES), ("territories", &rows)])).expect("the bundle is right");
    url
}

#[test]
fn a_release_ends_every_short_way_but_those_of_pinned_addresses() {
    let url = migrated_with_three();
    let server = TestServer::on(&url);
    let read = |target: &str| get(server.address, target);
    let (newest, pinned) = ("/v1/territories/COM-1", "/v1/territories/COM-1?release=1");
    for target in [newest, pinned, newest, pinned, newest, pinned] {
        assert_eq!(read(target).json()["data"]["population"], 1);
    }
    let tag = read(newest).header("etag").expect("a tag").to_owned();
    let rows = territories(&[("COM-1", "A", "7"), ("COM-2", "B", "2"), ("COM-3", "C", "3")]);
    publish(&url, &bundle(&[("sources", SOURCES), ("territories", &rows)])).expect("the bundle is right");
    until("the release shows", || read(newest).json()["data"]["population"] == 7);
    for _ in 0..3 {
        assert_eq!(read(newest).json()["data"]["population"], 7);
        assert_eq!(read(pinned).json()["data"]["population"], 1);
        let again = ask(server.address, "GET", newest, &[format!("If-None-Match: {tag}")]);
        assert_eq!(again.status, 200, "who holds the old one is given the new one");
    }
}

#[test]
fn what_is_refused_is_refused_again() {
    for target in ["/v1/territories?limit=0", "/v1/territories/COM-0", "/v1/nothing", "/v1/territories?kind=commun"] {
        let first = get(bundled(), target);
        assert!((400..500).contains(&first.status), "{target}");
        for _ in 0..2 {
            assert_eq!(get(bundled(), target).status, first.status, "{target}");
        }
    }
}

#[test]
fn without_a_memory_there_are_no_short_ways() {
    let url = migrated_with_three();
    let server =
        TestServer::with(&url, reperes::app::Shared { memory: Memory::new(0), shortcuts: Shortcuts::new(0), ..shared(&url) });
    for _ in 0..3 {
        let reply = get(server.address, "/v1/territories/COM-1");
        assert_eq!((reply.status, reply.header("cache-status")), (200, Some("Reperes; fwd=miss")));
    }
}
