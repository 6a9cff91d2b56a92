//! Failures of the network between the service and the database: connections are reset, or no data passes.

use std::time::Duration;

use reperes::app::Shared;
use reperes::db::connection::pool::Limits;

use super::{UNCACHED, all_at_once, check_unavailable, publish_first, wait_for_recovery};
use crate::harness::{Form, Network, Proxy, Reply, TestServer, bundle, get, get_late, key, migrated, publish, shared, until};

/// The number of rows and the characters of each: together they exceed all buffers between the database and a client that
/// does not read.
const ROWS: usize = 3000;
const LENGTH: usize = 10_000;

/// A server that reaches its database through a proxy.
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
fn without_the_network_cached_responses_are_served_and_all_others_are_503() {
    for fault in [Network::Cut, Network::Frozen] {
        let url = migrated();
        publish_first(&url);
        let proxy = Proxy::to(&url);
        let server = over(&proxy, &url);
        let token = key(&url, "essai", &["publish:*:*"], 1);
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
            check_unavailable(target, &reply);
        }
        check_unavailable("a publication", &Form::default().key(&token).send(server.address));
        assert_eq!(get(server.address, "/health/live").status, 200);
        proxy.set(Network::Passing);
        for target in UNCACHED {
            wait_for_recovery(server.address, target);
        }
        until("the server is sure again", || cached(&get(server.address, "/v1/territories")) == "Reperes; hit");
    }
}

#[test]
fn reads_recover_after_each_failure_of_the_network() {
    let url = migrated();
    publish_first(&url);
    let proxy = Proxy::to(&url);
    let server = over(&proxy, &url);
    for (turn, fault) in [Network::Cut, Network::Frozen, Network::Cut, Network::Frozen].into_iter().enumerate() {
        proxy.set(fault);
        check_unavailable("the first", &get(server.address, &format!("/v1/territories?limit={}", turn + 10)));
        proxy.set(Network::Passing);
        wait_for_recovery(server.address, &format!("/v1/territories?limit={}", turn + 20));
    }
}

#[test]
fn a_running_export_breaks_when_the_network_fails() {
    let url = migrated();
    let lines: String =
        (0..ROWS).map(|n| format!("s{n:05},document,Essai,Repères,etalab-2.0,{}\n", "x".repeat(LENGTH))).collect();
    let sources = format!("code,kind,title,publisher,licence,note\n{lines}");
    publish(&url, &bundle(&[("sources", &sources)])).expect("the bundle is right");
    let proxy = Proxy::to(&url);
    let server = over(&proxy, &url);
    for fault in [Network::Cut, Network::Frozen] {
        for target in ["/v1/sources?format=csv", "/v1/sources?format=ndjson"] {
            let broken = get_late(server.address, target, || proxy.set(fault));
            assert_eq!(broken.status, 200, "{target}: the head had been sent");
            assert!(!broken.whole, "{fault:?}: {target} without its last rows ended as if it were whole");
            proxy.set(Network::Passing);
            until("the next export is whole", || {
                let reply = get(server.address, target);
                reply.status == 200 && reply.whole
            });
        }
    }
}
