//! The shipped configurations of nginx, run by a real nginx in front of real servers: no legal request puts a server out, and
//! nobody else notices.

use std::net::SocketAddr;
use std::sync::Arc;

use reperes::app::Shared;
use reperes::query::pairs::{self, QUERY_LENGTH};
use tokio::sync::Semaphore;

use super::nginx::{SET_UPS, free_port, is_installed, start};
use crate::document::{address, document, operations};
use crate::harness::{TestServer, ask, bundled, bundled_server, get, shared};

fn servers() -> [SocketAddr; 2] {
    [bundled(), TestServer::on(&bundled_server().url).address]
}

/// Legal requests that are as long as they may be: codes, texts whose characters are escaped in links, a search.
fn longest() -> Vec<String> {
    let codes: Vec<String> = get(bundled(), "/v1/territories?kind=commune&fields=code&limit=500")
        .data()
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["code"].as_str().map(str::to_owned))
        .collect();
    let fitting = |name: &str, values: &[String]| {
        let mut query = format!("{name}=");
        for value in values {
            if query.len() + value.len() + 80 > QUERY_LENGTH {
                break;
            }
            query.push_str(value);
            query.push(',');
        }
        query.trim_end_matches(',').to_owned()
    };
    let escaped: Vec<String> = (0..100).map(|n| format!("{n}{}", "(".repeat(190))).collect();
    let accents: Vec<String> = (0..100).map(|n| pairs::encode(&format!("{n}{}", "é".repeat(60)))).collect();
    let mut all = vec![
        format!("/v1/territories?{}&limit=1", fitting("code", &codes[..135])),
        format!("/v1/territories?{}&limit=1", fitting("code", &codes)),
        format!("/v1/territories?{}&limit=1&status=current", fitting("name__ne", &escaped)),
        format!("/v1/territories?{}&limit=1&status=current", fitting("name__ne", &accents)),
        format!("/v1/territories/?{}&limit=1", fitting("name__ne", &escaped)),
        format!("/v1/observations?{}&limit=1", fitting("territory_code", &codes)),
    ];
    let files: Vec<String> = all[..4].iter().map(|target| format!("{target}&format=csv")).collect();
    all.extend(files);
    all
}

#[test]
fn the_longest_legal_requests_are_answered_and_put_no_server_out() {
    if !is_installed() {
        return;
    }
    let servers = servers();
    for set_up in SET_UPS {
        let proxy = start(set_up, servers);
        for target in longest() {
            assert!(target.split_once('?').is_some_and(|(_, query)| query.len() <= QUERY_LENGTH), "{} bytes", target.len());
            let direct = get(bundled(), &target);
            assert!([200, 308].contains(&direct.status), "{target}: {}", direct.text());
            for time in 0..6 {
                let reply = get(proxy.address, &target);
                assert_eq!(
                    (reply.status, reply.body == direct.body),
                    (direct.status, true),
                    "{set_up:?} {time} {target}: {}",
                    proxy.log("error.log")
                );
                assert_eq!(reply.header("link"), direct.header("link"), "{set_up:?} {target}");
            }
        }
        proxy.serves_others("after long requests");
        let log = proxy.log("error.log");
        for trouble in ["too big header", "no live upstreams", "[error]", "[crit]", "[alert]", "[emerg]"] {
            assert!(!log.contains(trouble), "{set_up:?}: {log}");
        }
    }
}

/// A server that refuses every light read of the database at once, as it does while other requests have all places.
fn overloaded() -> SocketAddr {
    let url = &bundled_server().url;
    TestServer::with(url, Shared { room: Arc::new(Semaphore::new(0)), ..shared(url) }).address
}

#[test]
fn a_503_that_a_client_has_caused_counts_against_no_server() {
    if !is_installed() {
        return;
    }
    let busy = [overloaded(), overloaded()];
    for set_up in SET_UPS {
        let proxy = start(set_up, busy);
        for number in 1..=12 {
            let reply = get(proxy.address, &format!("/v1/territories?kind=region&limit={number}"));
            assert_eq!(
                (reply.status, reply.header("content-type")),
                (503, Some("application/problem+json; charset=utf-8")),
                "{set_up:?}"
            );
            assert!(reply.text().contains("/problems/overloaded"), "the problem is that of the service: {}", reply.text());
            // What needs no read is there for everybody.
            for target in ["/openapi.json", &format!("/problems?{number}"), "/v1"] {
                let reply = get(proxy.address, target);
                assert_eq!(reply.status, 200, "{set_up:?} {target}: {}", proxy.log("error.log"));
            }
        }
        assert!(!proxy.log("error.log").contains("no live upstreams"), "{set_up:?}: {}", proxy.log("error.log"));
    }
}

#[test]
fn a_server_that_is_away_is_skipped_and_its_503_goes_to_the_other() {
    if !is_installed() {
        return;
    }
    let away = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let busy = overloaded();
    for set_up in SET_UPS {
        start(set_up, [away, bundled()]).serves_others("while a server is away");
        start(set_up, [busy, bundled()]).serves_others("while a server has too much to do");
        let nobody = start(set_up, [away, away]);
        let reply = get(nobody.address, "/v1/territories");
        assert_eq!(
            (reply.status, reply.header("content-type"), reply.header("retry-after")),
            (503, Some("application/problem+json"), Some("5")),
            "{set_up:?}"
        );
    }
}

/// What differs from server to server and from time to time: the address of the server, where no public one is known, and the files
/// that are built already.
const DIFFERENT: [&str; 2] = ["/v1/releases.atom", "/v1/files"];

#[test]
fn every_address_answers_through_the_proxy_as_without_it() {
    if !is_installed() {
        return;
    }
    let (servers, document) = (servers(), document());
    let described = operations(&document).into_iter().map(|(path, operation)| address(&path, &operation));
    let targets: Vec<String> =
        described.chain(["/v1/", "/v1/files/", "/health", "/health/", "/docs", "/rien"].map(str::to_owned)).collect();
    for set_up in SET_UPS {
        let proxy = start(set_up, servers);
        for target in &targets {
            // Twice: the second answer may come from the cache.
            for _ in 0..2 {
                let (direct, through) = (get(bundled(), target), get(proxy.address, target));
                assert_eq!((through.status, through.whole), (direct.status, true), "{set_up:?} {target}");
                assert_eq!(through.header("location"), direct.header("location"), "{set_up:?} {target}");
                let is_the_same = DIFFERENT.contains(&target.as_str()) || through.body == direct.body;
                assert!(through.status >= 400 || is_the_same, "{set_up:?} {target}");
            }
        }
    }
}

#[test]
fn the_cache_of_the_proxy_gives_everybody_their_answer() {
    if !is_installed() {
        return;
    }
    let servers = servers();
    for set_up in SET_UPS {
        let proxy = start(set_up, servers);
        let target = "/v1/territories?kind=departement&limit=5";
        let forged = [
            "X-Forwarded-Host: evil.example".to_owned(),
            "Forwarded: host=evil.example;proto=https".to_owned(),
            "Host: evil.example".to_owned(),
        ];
        for (headers, cache) in [(&forged[..2], "MISS"), (&[][..], "HIT")] {
            let reply = ask(proxy.address, "GET", target, headers);
            assert_eq!((reply.status, reply.header("x-cache")), (200, Some(cache)), "{set_up:?}");
            assert!(!reply.text().contains("evil.example"), "{set_up:?}");
        }
        let java =
            ask(proxy.address, "GET", target, &["Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2".to_owned()]);
        assert_eq!(java.json(), get(proxy.address, target).json(), "{set_up:?}");
        let csv = ask(proxy.address, "GET", target, &["Accept: text/csv".to_owned()]);
        assert!(csv.header("content-type").is_some_and(|media_type| media_type.starts_with("text/csv")), "{set_up:?}");
        assert_eq!(
            get(proxy.address, target).header("x-cache"),
            Some("HIT"),
            "{set_up:?}: the other representation is still there"
        );
        let gzip = ask(proxy.address, "GET", "/v1/territories?limit=200", &["Accept-Encoding: gzip".to_owned()]);
        let tag = gzip.header("etag").expect("a tag").to_owned();
        let again = ask(
            proxy.address,
            "GET",
            "/v1/territories?limit=200",
            &["Accept-Encoding: gzip".to_owned(), format!("If-None-Match: {tag}")],
        );
        assert_eq!(again.status, 304, "{set_up:?}");
    }
}
