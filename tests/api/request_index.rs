//! The index of requests: a request that was answered before is answered from the cache without being routed or read again,
//! and its response is the same.

use std::net::SocketAddr;

use reperes::datasets::REGISTRY;
use reperes::db::ReleaseWatcher;
use reperes::http::cache::request_index::RequestIndex;
use reperes::http::cache::response_cache::ResponseCache;

use crate::harness::{Reply, SOURCES, TestServer, ask, bundle, get, migrated, publish, shared, territories, until};

/// Headers that differ from response to response, or say where a response came from.
const PER_RESPONSE: [&str; 4] = ["date", "x-request-id", "cache-status", "server-timing"];

/// Request headers that choose a representation, or that name the response that the client has.
const REQUEST_HEADERS: [&[&str]; 8] = [
    &[],
    &["Accept: text/csv"],
    &["Accept: application/json;q=0.5, text/csv"],
    &["Accept: text/csv", "Accept: application/json;q=0.1"],
    &["Accept-Encoding: gzip"],
    &["Accept-Encoding: br;q=0.2, zstd"],
    &["Accept: text/csv", "Accept-Encoding: gzip"],
    &["If-None-Match: *"],
];

fn stable_headers(reply: &Reply) -> Vec<(&str, &str)> {
    let mut headers: Vec<_> = reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    headers.retain(|(name, _)| !PER_RESPONSE.contains(name));
    headers.sort_unstable();
    headers
}

fn request(server: SocketAddr, target: &str, headers: &[&str]) -> Reply {
    ask(server, "GET", target, &headers.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())
}

/// A server on a database, and the index of its requests.
fn indexed_server(url: &str) -> (TestServer, RequestIndex) {
    let (server, index, _) = watched_server(url);
    (server, index)
}

/// The same, with the releases that it knows. While a slow database keeps it from knowing whether they are current, it does not
/// answer by the index.
fn watched_server(url: &str) -> (TestServer, RequestIndex, ReleaseWatcher) {
    let shared = shared(url);
    let (index, releases) = (shared.request_index.clone(), shared.release_watcher.clone());
    (TestServer::with(url, shared), index, releases)
}

#[test]
fn the_index_answers_a_repeated_request_with_the_first_response() {
    let (server, index, releases) = watched_server(&migrated_with_three());
    for dataset in REGISTRY.iter().filter(|dataset| dataset.public) {
        let path = format!("/v1/{}", dataset.name);
        let targets = ["", "?limit=2", "?limit=2&total=exact", "?release=1&limit=1", "?limit=2&"];
        for target in targets.map(|query| format!("{path}{query}")) {
            for headers in REQUEST_HEADERS {
                let read = request(server.address, &target, headers);
                // The whole dataset as CSV is an export, which is streamed and not cached.
                let cached = target != path || !headers.iter().any(|header| header.contains("text/csv"));
                for _ in 0..2 {
                    until("the releases are current", || releases.is_current());
                    let hits = index.hits();
                    let indexed = request(server.address, &target, headers);
                    assert_eq!(index.hits() - hits, u64::from(cached), "{target} {headers:?}: answers by the index");
                    assert_eq!(indexed.status, read.status, "{target} {headers:?}");
                    assert_eq!(stable_headers(&indexed), stable_headers(&read), "{target} {headers:?}");
                    assert!(indexed.body == read.body, "{target} {headers:?}");
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
fn a_new_release_invalidates_the_index() {
    let url = migrated_with_three();
    let (server, index) = indexed_server(&url);
    let read = |target: &str| get(server.address, target);
    let (newest, pinned) = ("/v1/territories/COM-1", "/v1/territories/COM-1?release=1");
    for target in [newest, pinned, newest, pinned, newest, pinned] {
        assert_eq!(read(target).json()["data"]["population"], 1);
    }
    assert_eq!(index.hits(), 4, "each address is read once");
    let tag = read(newest).header("etag").expect("a tag").to_owned();
    let rows = territories(&[("COM-1", "A", "7"), ("COM-2", "B", "2"), ("COM-3", "C", "3")]);
    publish(&url, &bundle(&[("sources", SOURCES), ("territories", &rows)])).expect("the bundle is right");
    until("the release shows", || read(newest).json()["data"]["population"] == 7);
    for _ in 0..3 {
        assert_eq!(read(newest).json()["data"]["population"], 7);
        assert_eq!(read(pinned).json()["data"]["population"], 1);
        let again = ask(server.address, "GET", newest, &[format!("If-None-Match: {tag}")]);
        assert_eq!(again.status, 200, "a client with the old response gets the new one");
    }
}

#[test]
fn a_refused_request_is_refused_again_and_never_indexed() {
    let (server, index) = indexed_server(&migrated_with_three());
    for (target, status) in [
        ("/v1/territories?limit=0", 400),
        ("/v1/territories/COM-0", 404),
        ("/v1/nothing", 404),
        ("/v1/territories?kind=commun", 400),
    ] {
        for _ in 0..3 {
            assert_eq!(get(server.address, target).status, status, "{target}");
        }
    }
    assert_eq!(index.hits(), 0);
}

#[test]
fn without_a_cache_nothing_is_indexed() {
    let url = migrated_with_three();
    let index = RequestIndex::new(0);
    let shared = reperes::app::Shared { response_cache: ResponseCache::new(0), request_index: index.clone(), ..shared(&url) };
    let server = TestServer::with(&url, shared);
    for _ in 0..3 {
        let reply = get(server.address, "/v1/territories/COM-1");
        assert_eq!((reply.status, reply.header("cache-status")), (200, Some("Reperes; fwd=miss")));
    }
    assert_eq!(index.hits(), 0);
}
