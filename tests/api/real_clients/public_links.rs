//! Links are absolute where the public address is known, from the setting or a trusted proxy, and never from `Host`.

use reperes::app::Shared;
use reperes::http::Bounds;
use serde_json::Value;

use crate::harness::{Reply, TestServer, ask, bundled, bundled_server, get, shared};

const PUBLIC: &str = "https://donnees.example.org/reperes";

fn configured() -> TestServer {
    let url = &bundled_server().url;
    TestServer::with(url, Shared { public_url: Some(PUBLIC.to_owned()), ..shared(url) })
}

fn behind_a_proxy() -> TestServer {
    let url = &bundled_server().url;
    let proxies = vec!["127.0.0.1/32".parse().expect("a network")];
    TestServer::with(url, shared(url).within(Bounds { proxies, ..Bounds::default() }))
}

/// Every address in the members that have addresses, wherever they stand.
fn addresses(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text)
                        if ["href", "pinned", "self", "next", "previous", "collection", "poll", "example"]
                            .contains(&name.as_str()) =>
                    {
                        found.push(text.clone());
                    }
                    Value::Object(related) if name == "related" || name == "links" => {
                        found.extend(related.values().filter_map(Value::as_str).map(str::to_owned));
                        addresses(member, found);
                    }
                    _ => addresses(member, found),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|one| addresses(one, found)),
        _ => {}
    }
}

const TARGETS: [&str; 9] = [
    "/v1",
    "/v1/files",
    "/v1/territories?kind=region&limit=2",
    "/v1/territories/DEP-59",
    "/v1/territories/DEP-59/profile",
    "/v1/territories/DEP-59/history",
    "/v1/releases/1",
    "/v1/changes?limit=2",
    "/v1/aggregates/observations?by=period&function=count&limit=1",
];

fn links(reply: &Reply) -> Vec<String> {
    let mut found = Vec::new();
    addresses(&reply.json(), &mut found);
    let headers =
        reply.headers.iter().filter(|(name, _)| name == "link").map(|(_, value)| value.trim_start_matches('<').to_owned());
    found.extend(headers);
    found
}

#[test]
fn every_link_is_absolute_where_the_address_is_configured() {
    let server = configured();
    for target in TARGETS {
        // Twice: the second answer comes from the cache.
        for _ in 0..2 {
            let reply = get(server.address, target);
            let found = links(&reply);
            assert!(!found.is_empty(), "{target}");
            for one in &found {
                assert!(one.starts_with(&format!("{PUBLIC}/")), "{target}: {one}");
            }
            let relative = links(&get(bundled(), target));
            let cut: Vec<&str> = found.iter().map(|one| one.strip_prefix(PUBLIC).expect("an absolute link")).collect();
            assert_eq!(cut, relative, "{target}: the same links, but for what stands before them");
        }
    }
    let csv = get(server.address, "/v1/territories?kind=region&limit=2&format=csv");
    assert!(csv.header("content-location").is_some_and(|address| address.starts_with(PUBLIC)), "{:?}", csv.headers);
    assert!(
        csv.header("link")
            .is_some_and(|link| link.starts_with(&format!("<{PUBLIC}/v1/territories?cursor=")) || link.contains(PUBLIC))
    );
    let cube = get(server.address, "/v1/observations?indicator_code=foyers-prime-activite&format=json-stat").json();
    assert!(cube["href"].as_str().is_some_and(|href| href.starts_with(PUBLIC)), "{cube}");
}

#[test]
fn no_host_of_a_request_reaches_a_link() {
    for server in [bundled_server().clone(), configured(), behind_a_proxy()] {
        for target in TARGETS.into_iter().chain(["/v1/releases.atom"]) {
            let reply = ask(server.address, "GET", target, &[]);
            let evil = crate::harness::raw(
                server.address,
                format!("GET {target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").as_bytes(),
            );
            assert!(!evil.text().contains("evil.example"), "{target}");
            assert_eq!(evil.header("etag"), reply.header("etag"), "{target}: the same answer");
        }
    }
    let forged = [
        "X-Forwarded-Host: evil.example".to_owned(),
        "X-Forwarded-Proto: https".to_owned(),
        "Forwarded: for=192.0.2.1;host=evil.example;proto=https".to_owned(),
    ];
    for target in TARGETS {
        let reply = ask(bundled(), "GET", target, &forged);
        assert!(!reply.text().contains("evil.example"), "{target}: nobody is trusted here");
        assert!(!reply.header("vary").is_some_and(|vary| vary.contains("Forwarded")), "{target}");
    }
}

#[test]
fn what_a_trusted_proxy_forwards_is_the_address_and_each_has_its_own_answers() {
    let server = behind_a_proxy();
    let through = |host: &str, target: &str| {
        let headers =
            [format!("X-Forwarded-Host: {host}"), "X-Forwarded-Proto: https".to_owned(), "X-Forwarded-For: 192.0.2.1".to_owned()];
        ask(server.address, "GET", target, &headers)
    };
    for target in TARGETS {
        for _ in 0..2 {
            for host in ["a.example", "b.example:8443"] {
                let reply = through(host, target);
                for one in links(&reply) {
                    assert!(
                        one.starts_with(&format!("https://{host}/v1")) || one.starts_with(&format!("https://{host}/")),
                        "{target}: {one}"
                    );
                }
                let vary = reply.header("vary").unwrap_or_default().to_owned();
                assert!(vary.contains("X-Forwarded-Host"), "{target}: {vary}");
            }
            let plain = get(server.address, target);
            assert!(links(&plain).iter().all(|one| one.starts_with('/')), "{target}");
            assert_ne!(plain.header("etag"), through("a.example", target).header("etag"), "{target}");
        }
    }
    let contradicting = [
        "X-Forwarded-Host: a.example".to_owned(),
        "X-Forwarded-Proto: https".to_owned(),
        "Forwarded: for=192.0.2.1;host=b.example;proto=https".to_owned(),
    ];
    let reply = ask(server.address, "GET", TARGETS[2], &contradicting);
    assert!(links(&reply).iter().all(|one| one.starts_with('/')), "two proxies that contradict each other say nothing");
}

#[test]
fn the_last_page_has_a_null_next_and_every_page_its_cursor() {
    for target in [
        "/v1/territories?kind=region&limit=7",
        "/v1/territories/DEP-59/history?limit=1",
        "/v1/changes?dataset=units&limit=1000",
        "/v1/aggregates/observations?by=period&function=count&limit=3",
    ] {
        let (mut page, mut pages) = (get(bundled(), target).json(), 1);
        loop {
            let (links, meta) = (page["links"].as_object().expect("links"), page["meta"].as_object().expect("meta"));
            let (next, cursor) = (&links["next"], &meta["next_cursor"]);
            assert_eq!(next.is_null(), cursor.is_null(), "{target}");
            let Some(next) = next.as_str() else { break };
            assert!(next.contains(&format!("cursor={}", cursor.as_str().expect("a cursor"))), "{target}: {next}");
            page = get(bundled(), next).json();
            pages += 1;
            assert!(pages < 100, "{target} does not end");
        }
    }
    let item = get(bundled(), "/v1/territories/DEP-59").json();
    assert!(item["meta"].get("next_cursor").is_none(), "one row has no pages");
}
