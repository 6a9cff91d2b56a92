//! The network between the service and the database, cut or frozen.

use std::time::Duration;

use reperes::app::Shared;
use reperes::db::connection::pool::Limits;

use super::{UNCACHED, all_at_once, first, is_away, recovers};
use crate::harness::{Form, Network, Proxy, Reply, TestServer, bundle, get, get_late, key, migrated, publish, shared, until};

/// So many rows of so many characters are more than all buffers between the database and a client that does not read.
const ROWS: usize = 3000;
const LENGTH: usize = 10_000;

/// A server that reaches its database over a network.
fn over(proxy: &Proxy, url: &str) -> TestServer {
    let url = proxy.url(url);
    let shared = shared(&url);
    let limits = Limits { wait: Duration::from_secs(1), ..shared.limits };
    TestServer::with(&url, Shared { limits, ..shared })
}

fn cached(reply: &Reply) -> &str {
    reply.header("cache-status").unwrap_or("")
}

#[test]
fn without_the_network_memory_answers_and_all_else_is_503_until_it_is_back() {
    for fault in [Network::Cut, Network::Frozen] {
        let url = migrated();
        first(&url);
        let proxy = Proxy::to(&url);
        let server = over(&proxy, &url);
        let token = key(&url, "essai", &["publish:*"], 1);
        until("the server knows its release", || !cached(&get(server.address, "/v1/territories")).is_empty());
        let kept = get(server.address, "/v1/territories");
        let pinned = get(server.address, "/v1/territories?release=1");
        proxy.set(fault);
        until("the server notices", || cached(&get(server.address, "/v1/territories")).ends_with("stale"));
        let stale = get(server.address, "/v1/territories");
        assert_eq!((stale.status, cached(&stale)), (200, "Reperes; hit; detail=stale"));
        assert!(stale.body == kept.body, "{fault:?}");
        let again = get(server.address, "/v1/territories?release=1");
        assert_eq!((again.status, cached(&again)), (200, "Reperes; hit"), "{fault:?}");
        assert!(again.body == pinned.body, "{fault:?}");
        for (target, reply) in all_at_once(server.address) {
            is_away(target, &reply);
        }
        is_away("a publication", &Form::default().key(&token).send(server.address));
        assert_eq!(get(server.address, "/health/live").status, 200);
        proxy.set(Network::Passing);
        for target in UNCACHED {
            recovers(server.address, target);
        }
        until("the server is sure again", || cached(&get(server.address, "/v1/territories")) == "Reperes; hit");
    }
}

#[test]
fn a_network_that_comes_and_goes_leaves_nothing_behind() {
    let url = migrated();
    first(&url);
    let proxy = Proxy::to(&url);
    let server = over(&proxy, &url);
    for (turn, fault) in [Network::Cut, Network::Frozen, Network::Cut, Network::Frozen].into_iter().enumerate() {
        proxy.set(fault);
        is_away("the first", &get(server.address, &format!("/v1/territories?limit={}", turn + 10)));
        proxy.set(Network::Passing);
        recovers(server.address, &format!("/v1/territories?limit={}", turn + 20));
    }
}

#[test]
fn an_export_under_way_breaks_with_the_network() {
    let url = migrated();
    let lines: String =
        (0..ROWS).map(|n| format!("s{n:05},document,Essai,Repères,etalab-2.0,{}\n", "x".repeat(LENGTH))).collect();
    let sources = format!("code,kind,title,publisher,licence,note\n{lines}");
    publish(&url, &bundle(&[("sources", &sources)])).expect("the bundle is right");
    let proxy = Proxy::to(&url);
    let server = over(&proxy, &url);
    for fault in [Network::Cut, Network::Frozen] {
        for target in ["/v1/sources?format=csv", "/v1/sources?format=ndjson&trailer=true"] {
            let broken = get_late(server.address, target, || proxy.set(fault));
            assert_eq!(broken.status, 200, "{target}: the head had been sent");
            assert!(!broken.whole, "{fault:?}: {target} without its last rows ended as if it were whole");
            assert!(!broken.text().contains("\"trailer\""), "{fault:?}: {target} says that all is there");
            proxy.set(Network::Passing);
            until("the next export is whole", || {
                let reply = get(server.address, target);
                reply.status == 200 && reply.whole
            });
        }
    }
}
