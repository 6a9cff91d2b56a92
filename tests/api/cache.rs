//! The response cache: each response is computed once and compressed once. The cache is bounded, serves while the database is
//! down, and never mixes two releases.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reperes::app::Shared;
use reperes::http::cache::compression::Coding;
use reperes::http::cache::response_cache::{CacheKey, CachedResponse, MAX_BODY_BYTES, ResponseCache};

use crate::harness::{
    Reply, SOURCES, TestServer, ask, bundle, bundled, close, get, migrated, open, owner, publish, shared, territories, until,
    with_database,
};

fn status(reply: &Reply) -> &str {
    reply.header("cache-status").unwrap_or("")
}

/// The CSV of communes whose population is the number of the release.
fn communes(release: usize) -> String {
    let number = release.to_string();
    territories(&[("COM-1", "A", &number), ("COM-2", "B", &number), ("COM-3", "C", &number)])
}

fn publish_first(url: &str) {
    publish(url, &bundle(&[("sources", SOURCES), ("territories", &communes(1))])).expect("the bundle is right");
}

fn get_accepting(target: &str, codings: &str) -> Reply {
    ask(bundled(), "GET", target, &[format!("Accept-Encoding: {codings}")])
}

#[test]
fn every_coding_decodes_to_the_same_bytes_and_has_its_own_etag() {
    let whole = [
        "/v1/territories?kind=epci&format=csv",
        "/v1/territories?kind=epci&format=geojson",
        "/v1/changes?format=ndjson&dataset=indicators",
    ];
    let kept =
        ["/v1/territories?limit=200", "/v1/territories?format=csv&limit=300", "/openapi.json", "/v1", "/v1/changes?limit=200"];
    for target in kept.into_iter().chain(whole) {
        let plain = get(bundled(), target);
        assert_eq!(plain.header("content-encoding"), None);
        let mut tags = vec![plain.header("etag").expect("a tag").to_owned()];
        for coding in ["zstd", "br", "gzip"] {
            let head = ask(bundled(), "HEAD", target, &[format!("Accept-Encoding: {coding}")]);
            assert_eq!((head.status, head.header("content-encoding")), (200, Some(coding)), "{target}");
            for _ in 0..2 {
                let reply = get_accepting(target, coding);
                assert_eq!(reply.header("content-encoding"), Some(coding), "{target}");
                assert!(reply.header("vary").is_some_and(|vary| vary.ends_with("Accept-Encoding")), "{target}");
                assert!(reply.body.len() < plain.body.len() / 2, "{target}: {coding} saves too little");
                assert!(decoded(coding, &reply.body) == plain.body, "{target} as {coding}");
                assert_eq!(reply.header("content-type"), plain.header("content-type"));
                tags.push(reply.header("etag").expect("a tag").to_owned());
            }
        }
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), 4, "{target}");
    }
}

fn decoded(coding: &str, body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    match coding {
        "zstd" => whole = zstd::decode_all(body).expect("it is zstd"),
        "gzip" => _ = flate2::read::GzDecoder::new(body).read_to_end(&mut whole).expect("it is gzip"),
        _ => brotli::BrotliDecompress(&mut &*body, &mut whole).expect("it is brotli"),
    }
    whole
}

#[test]
fn the_coding_is_the_one_that_accept_encoding_prefers() {
    for (given, expected) in [
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("gzip, deflate, br", Some("br")),
        ("gzip;q=1.0, zstd;q=0.5", Some("gzip")),
        ("gzip;q=0.3, br;q=0.4, zstd;q=0.2", Some("br")),
        ("*", Some("zstd")),
        ("zstd;q=0, *", Some("br")),
        ("identity, gzip;q=0.5", None),
        ("zstd;q=0, br;q=0, gzip;q=0", None),
        ("deflate", None),
        ("identity;q=0, *;q=0", None),
        ("", None),
    ] {
        let reply = get_accepting("/v1/territories", given);
        assert_eq!((reply.status, reply.header("content-encoding")), (200, expected), "{given}");
    }
    let small = ask(bundled(), "GET", "/v1/breakdowns/_T?fields=code", &["Accept-Encoding: gzip".to_owned()]);
    assert_eq!(small.header("content-encoding"), None, "{} bytes are not worth it", small.body.len());
    let dense = get_accepting("/v1/territories?format=parquet&limit=1000", "gzip");
    assert_eq!((dense.header("content-encoding"), dense.header("vary")), (None, Some("Accept")));
}

#[test]
fn a_response_is_computed_once_and_then_cached_for_all_workers() {
    let server = TestServer::empty();
    publish_first(&server.url);
    for target in
        ["/v1/territories", "/v1/territories/COM-1", "/v1/territories/COM-1/history", "/v1/territories?format=csv&limit=2"]
    {
        let made = get(server.address, target);
        assert_eq!(status(&made), "Reperes; fwd=miss; stored", "{target}");
        assert!(made.header("server-timing").is_some_and(|timing| timing.starts_with("cache;desc=miss, db;dur=")), "{target}");
        for _ in 0..6 {
            let again = get(server.address, target);
            assert_eq!((status(&again), again.header("server-timing")), ("Reperes; hit", Some("cache;desc=hit")), "{target}");
            assert!(again.body == made.body && again.header("content-type") == made.header("content-type"));
        }
    }
    let all = get(server.address, "/v1/territories?format=csv");
    assert_eq!((all.status, status(&all)), (200, ""), "whole exports are not kept");
    let none = TestServer::with(&server.url, Shared { response_cache: ResponseCache::new(0), ..shared(&server.url) });
    for _ in 0..2 {
        assert!(get(none.address, "/v1/territories").header("server-timing").expect("times").starts_with("cache;desc=miss"));
    }
}

/// Sends requests while the table of territories is locked, and returns their responses after the lock is released.
fn send_while_locked(server: &TestServer, target: &'static str, number: usize, meanwhile: impl FnOnce()) -> Vec<Reply> {
    let address = server.address;
    let asked = with_database(&owner(&server.url), async |client| {
        let transaction = client.transaction().await.expect("a transaction");
        transaction.batch_execute("LOCK TABLE territories IN ACCESS EXCLUSIVE MODE").await.expect("the lock");
        meanwhile();
        let asked: Vec<_> = (0..number).map(|_| std::thread::spawn(move || get(address, target))).collect();
        std::thread::sleep(Duration::from_millis(400));
        transaction.rollback().await.expect("it ends");
        asked
    });
    asked.into_iter().map(|one| one.join().expect("an answer")).collect()
}

#[test]
fn concurrent_requests_for_the_same_response_cause_one_read() {
    let server = TestServer::empty();
    publish_first(&server.url);
    let replies = send_while_locked(&server, "/v1/territories", 12, || {});
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == replies[0].body));
    let made = replies.iter().filter(|reply| status(reply).contains("miss")).count();
    assert_eq!(made, 1, "one made it, the others waited");
    let refused = send_while_locked(&server, "/v1/territories/rien", 12, || {});
    assert!(refused.iter().all(|reply| reply.status == 404), "every request gets its own 404");
}

#[test]
fn a_client_that_disconnects_delays_no_other() {
    let server = TestServer::empty();
    publish_first(&server.url);
    let replies = send_while_locked(&server, "/v1/territories", 6, || {
        let mut gone = TcpStream::connect(server.address).expect("the server takes connections");
        gone.write_all(b"GET /v1/territories HTTP/1.1\r\nHost: test\r\n\r\n").expect("the server reads");
        std::thread::sleep(Duration::from_millis(200));
    });
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == replies[0].body));
}

#[test]
fn the_cache_is_limited_by_its_bytes() {
    let bytes = 4 << 20;
    let memory = ResponseCache::new(bytes);
    let key = |number: usize| CacheKey { release: Some((1, 0)), address: number.to_string(), coding: Coding::Identity };
    for number in 0..200 {
        let entry = CachedResponse { headers: Vec::new(), body: Bytes::from(vec![0; 100_000]) };
        memory.insert(key(number), Arc::new(entry));
        assert!(memory.size().0 <= bytes, "{} bytes are kept", memory.size().0);
    }
    let (_, kept) = memory.size();
    assert!((20..=41).contains(&kept), "{kept} answers of 100,000 bytes");
    assert_eq!((0..200).filter(|number| memory.peek(&key(*number)).is_some()).count(), kept);
    memory.insert(key(1000), Arc::new(CachedResponse { headers: Vec::new(), body: Bytes::from(vec![0; MAX_BODY_BYTES]) }));
    assert!(memory.peek(&key(1000)).is_some() && memory.size().0 <= bytes, "the longest answer fits");
}

#[test]
fn cached_responses_are_served_while_the_database_is_down() {
    let url = migrated();
    publish_first(&url);
    let server = TestServer::on(&url);
    until("the server knows its release", || !status(&get(server.address, "/v1/territories")).is_empty());
    let (newest, pinned) = (get(server.address, "/v1/territories"), get(server.address, "/v1/territories?release=1"));
    close(&url);
    until("the server notices", || status(&get(server.address, "/v1/territories")).ends_with("stale"));
    let stale = get(server.address, "/v1/territories");
    assert_eq!((stale.status, status(&stale)), (200, "Reperes; hit; detail=stale"));
    assert_eq!(stale.header("server-timing"), Some("cache;desc=stale"));
    assert!(stale.body == newest.body);
    let again = get(server.address, "/v1/territories?release=1");
    assert_eq!((again.status, status(&again)), (200, "Reperes; hit"), "what never changes is never stale");
    assert!(again.body == pinned.body);
    let refused = get(server.address, "/v1/territories?limit=1");
    refused.problem(503);
    assert!(refused.header("retry-after").is_some());
    open(&url);
    assert_eq!(get(server.address, "/v1/territories?limit=1").status, 200, "without a restart");
    until("the server reads the database again", || status(&get(server.address, "/v1/territories")) == "Reperes; hit");
}

#[test]
fn only_a_committed_release_sends_a_notification() {
    let url = migrated();
    let payloads = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (received, listening) = (Arc::clone(&payloads), Arc::new(AtomicBool::new(false)));
    let (ready, database) = (Arc::clone(&listening), url.clone());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        runtime.block_on(async {
            let database = reperes::db::connection::config::Database::parse(&database).expect("the URL is one");
            let (client, mut messages) = database.listener().await.expect("the database is there");
            let listen = async {
                client.batch_execute("LISTEN reperes_release").await.expect("every role may listen");
                ready.store(true, Ordering::SeqCst);
                std::future::pending::<()>().await;
            };
            let hear = async {
                while let Some(Ok(message)) = futures_util::StreamExt::next(&mut messages).await {
                    if let reperes::db::connection::config::Message::Notification(payload) = message {
                        received.lock().expect("one hears").push(payload);
                    }
                }
            };
            tokio::select! { () = listen => {}, () = hear => {} }
        });
    });
    until("the test listens", || listening.load(Ordering::SeqCst));
    publish_first(&url);
    publish(&url, &bundle(&[("territories", &territories(&[("COM-1", "", "1")]))])).expect_err("a name is missing");
    publish(&url, &bundle(&[("territories", &communes(1))])).expect("nothing is new");
    publish(&url, &bundle(&[("territories", &communes(2))])).expect("the bundle is right");
    until("both notifications arrive", || payloads.lock().expect("one hears").len() >= 2);
    assert_eq!(*payloads.lock().expect("one hears"), ["1", "2"]);
}

#[test]
fn a_release_without_a_notification_is_found_by_polling() {
    let server = TestServer::empty();
    publish_first(&server.url);
    with_database(&server.url, async |client| {
        let columns = "title, publisher, licence, added, changed, withdrawn, counts, files";
        let silent = format!(
            "INSERT INTO releases (number, published_at, {columns}) SELECT 2, clock_timestamp(), {columns} FROM releases WHERE number = 1"
        );
        client.batch_execute(&silent).await.expect("the role that serves adds releases");
    });
    until("the release is found", || get(server.address, "/v1/territories").json()["meta"]["release"] == 2);
}

#[test]
fn two_servers_serve_a_new_release_and_no_response_mixes_two_releases() {
    const RELEASES: usize = 12;
    let url = migrated();
    publish_first(&url);
    let servers = [TestServer::on(&url), TestServer::on(&url)];
    let over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..8)
        .map(|number| {
            let (address, over) = (servers[number % 2].address, Arc::clone(&over));
            std::thread::spawn(move || read(address, &over))
        })
        .collect();
    for release in 2..=RELEASES {
        publish(&url, &bundle(&[("territories", &communes(release))])).expect("the bundle is right");
        let seen = servers.iter().map(|server| get(server.address, "/v1/territories").json()["meta"]["release"].as_u64());
        assert!(seen.into_iter().all(|seen| seen == Some(release as u64)), "a notified server is at an older release");
    }
    over.store(true, Ordering::SeqCst);
    let seen: Vec<u64> = readers.into_iter().map(|reader| reader.join().expect("no answer was mixed")).collect();
    assert!(seen.iter().all(|last| *last > 1), "the readers read while releases were made: {seen:?}");
}

/// Reads until `over` is set. Each response must be of one release, and none may be older than the response before.
fn read(address: SocketAddr, over: &AtomicBool) -> u64 {
    let mut last = 0;
    for turn in 0.. {
        let target = ["/v1/territories?limit=50", "/v1/territories", "/v1/territories?fields=population&format=ndjson"][turn % 3];
        let reply = get(address, target);
        let release = match reply.header("release-number") {
            Some(release) => release.parse().expect("a number"),
            None => reply.json()["meta"]["release"].as_u64().expect("a number"),
        };
        assert!(release >= last, "release {release} after {last}");
        assert_eq!(reply.text().matches(&format!("\"population\":{release}")).count(), 3, "{target}: {}", reply.text());
        last = release;
        if over.load(Ordering::SeqCst) {
            break;
        }
    }
    last
}
