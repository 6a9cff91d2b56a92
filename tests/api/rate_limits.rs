//! Rate limits: how the service distinguishes clients behind proxies, and which requests do not count.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use reperes::http::Bounds;
use reperes::http::middleware::rate_limit::Quota;

use crate::harness::{Form, Reply, TestServer, get, key, migrated, publish, raw, shared, with_database};

/// A window longer than any test, so that no client regains requests during the test.
const LONG: Duration = Duration::from_secs(100_000);

const TARGET: &str = "/v1/territories/COM-59350";

/// A server behind a proxy on this machine. It allows five requests of a client and two publications with a key.
fn server() -> TestServer {
    let url = migrated();
    publish(&url, Path::new("tests/fixtures/bundles/01-small")).expect("the bundle is right");
    let quota = |name, requests| Quota { name, requests, window: LONG };
    let proxies = ["127.0.0.1/32", "10.0.0.0/8"].map(|network| network.parse().expect("a network")).to_vec();
    let (requests, publications) = (quota("requests", 5), quota("publications", 2));
    TestServer::with(&url, shared(&url).within(Bounds { requests, publications, proxies, ..Bounds::default() }))
}

fn ask(address: SocketAddr, target: &str, headers: &str) -> Reply {
    raw(address, format!("GET {target} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{headers}\r\n\r\n").as_bytes())
}

fn exhaust(address: SocketAddr, headers: &str) {
    for left in (0..5).rev() {
        let reply = ask(address, TARGET, headers);
        assert_eq!(reply.status, 200, "{headers}");
        assert_eq!(reply.header("ratelimit-policy"), Some("\"requests\";q=5;w=100000"));
        let field = reply.header("ratelimit").expect("what is left");
        assert!(field.starts_with(&format!("\"requests\";r={left};t=")), "{field}");
    }
    let refused = ask(address, TARGET, headers);
    assert_eq!(refused.problem(429)["type"], "/problems/too-many-requests");
    let wait: u64 = refused.header("retry-after").and_then(|wait| wait.parse().ok()).expect("seconds");
    assert!((1..=20_000).contains(&wait), "{wait}");
    assert!(refused.header("ratelimit").is_some_and(|left| left.starts_with("\"requests\";r=0;t=")));
}

#[test]
fn a_client_over_its_rate_limit_is_refused_and_others_are_not() {
    let address = server().address;
    exhaust(address, "X-Forwarded-For: 192.0.2.1");
    exhaust(address, "X-Forwarded-For: 192.0.2.2");
    // A client over its limit gets 429 at every address, also at an unknown one.
    ask(address, TARGET, "X-Forwarded-For: 192.0.2.1").problem(429);
    ask(address, "/v1/rien", "X-Forwarded-For: 192.0.2.1").problem(429);
    for free in ["/health/live", "/health/ready"] {
        let reply = ask(address, free, "X-Forwarded-For: 192.0.2.1");
        assert_eq!((reply.status, reply.header("ratelimit")), (200, None), "{free}");
    }
}

#[test]
fn the_client_address_comes_from_trusted_proxies_only() {
    let address = server().address;
    exhaust(address, "X-Forwarded-For: 192.0.2.1");
    for same in [
        "X-Forwarded-For: 198.51.100.7, 192.0.2.1",
        "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-For: 192.0.2.1, 10.1.2.3",
        "X-Forwarded-For: nonsense, 192.0.2.1:1234",
        "X-Forwarded-For: ::ffff:192.0.2.1",
        "Forwarded: for=198.51.100.7, For=\"192.0.2.1:80\";proto=https",
        "Forwarded: for=192.0.2.1;by=_x\r\nX-Forwarded-For: 192.0.2.1",
    ] {
        ask(address, TARGET, same).problem(429);
    }
    exhaust(address, "Forwarded: for=\"[2001:db8:1:2::1]:4711\"");
    ask(address, TARGET, "X-Forwarded-For: 2001:db8:1:2:ffff::9").problem(429);
    assert_eq!(ask(address, TARGET, "X-Forwarded-For: 2001:db8:1:3::1").status, 200);
    assert_eq!(ask(address, TARGET, "X-Forwarded-For: 192.0.2.1, 198.51.100.8").status, 200);
}

#[test]
fn clients_that_a_trusted_proxy_does_not_name_share_one_limit() {
    let address = server().address;
    // The peer is a trusted proxy on this machine: whom it does not name is limited, though the machine itself is not.
    exhaust(address, "X-Forwarded-For: unknown");
    for unnamed in [
        "X-Note: none",
        "X-Forwarded-For: ",
        "Forwarded: for=unknown",
        "Forwarded: for=\"",
        "Forwarded: for=192.0.2.9;for=192.0.2.8",
        "Forwarded: for=198.51.100.9\r\nX-Forwarded-For: 192.0.2.1",
        "Forwarded: for=198.51.100.9\r\nX-Forwarded-For: unknown",
        "Forwarded: for=unknown\r\nX-Forwarded-For: 198.51.100.9",
    ] {
        ask(address, TARGET, unnamed).problem(429);
    }
    let forged = "Forwarded: for=192.0.2.7;host=\"x, for=198.51.100.9\"";
    exhaust(address, forged);
    ask(address, TARGET, "X-Forwarded-For: 192.0.2.7").problem(429);
    assert_eq!(ask(address, TARGET, "X-Forwarded-For: 198.51.100.9").status, 200);
}

#[test]
fn a_peer_on_this_machine_that_is_no_trusted_proxy_has_no_rate_limit() {
    let url = migrated();
    publish(&url, Path::new("tests/fixtures/bundles/01-small")).expect("the bundle is right");
    let requests = Quota { name: "requests", requests: 5, window: LONG };
    let server = TestServer::with(&url, shared(&url).within(Bounds { requests, ..Bounds::default() }));
    for _ in 0..7 {
        let reply = ask(server.address, TARGET, "X-Forwarded-For: 192.0.2.1");
        assert_eq!((reply.status, reply.header("ratelimit")), (200, None));
    }
}

#[test]
fn no_cache_may_keep_the_answer_to_a_probe() {
    let address = server().address;
    for target in ["/health/live", "/health/ready"] {
        for method in ["GET", "HEAD"] {
            let reply = raw(address, format!("{method} {target} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").as_bytes());
            assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")), "{method} {target}");
        }
    }
    let empty = TestServer::empty();
    let reply = get(empty.address, "/health/ready");
    reply.problem(503);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[test]
fn a_304_does_not_count_against_the_rate_limit() {
    let address = server().address;
    let target = "/v1/changes?since=0&limit=1";
    let tag = get(address, target).header("etag").expect("a validator").to_owned();
    for _ in 0..20 {
        let reply = ask(address, target, &format!("X-Forwarded-For: 192.0.2.1\r\nIf-None-Match: {tag}"));
        assert_eq!(reply.status, 304);
    }
    exhaust(address, "X-Forwarded-For: 192.0.2.1");
}

#[test]
fn each_key_has_its_own_rate_limit() {
    let server = server();
    let [one, other] = ["une", "autre"].map(|name| key(&server.url, name, &["publish:*:*"], 1));
    let send = |token: &str| Form::default().key(token).send(server.address);
    for left in (0..2).rev() {
        let reply = send(&one);
        // The proxy does not name the client, so that the answer has its limit too.
        let limits: Vec<&str> =
            reply.headers.iter().filter(|(name, _)| name == "ratelimit").map(|(_, value)| value.as_str()).collect();
        assert!(limits.iter().any(|field| field.starts_with(&format!("\"publications\";r={left};t="))), "{limits:?}");
        reply.problem(400);
    }
    let refused = send(&one);
    assert_eq!(refused.problem(429)["type"], "/problems/too-many-requests");
    assert!(refused.header("retry-after").is_some_and(|wait| wait.parse::<u64>().is_ok_and(|wait| wait > 1)));
    send(&other).problem(400);
    send(&one).problem(429);
    let lines = with_database(&server.url, async |client| {
        let query = "SELECT (detail->'problem'->>'status')::integer, (detail->>'count')::integer FROM audit WHERE actor = 'une' ORDER BY id";
        let rows = client.query(query, &[]).await.expect("lines");
        rows.iter().map(|row| (row.get(0), row.get(1))).collect::<Vec<(i32, Option<i32>)>>()
    });
    assert_eq!(lines, [(400, None), (400, None), (429, Some(1))], "requests over the limit share one line a minute");
}
