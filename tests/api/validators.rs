//! Validators and cache headers: every address has them, a 304 needs no read, and responses that must not be cached have none.

use reperes::app::Shared;
use reperes::http::cache::response_cache::ResponseCache;

use super::document::{address, document, operations};
use crate::harness::four_releases::four_releases;
use crate::harness::{
    Form, Reply, TestServer, ask, bundle, bundled, close, example_data, get, key, migrated, publish, shared, territories,
};
use crate::harness::{SOURCES, open};

const PASSING: &str = "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400";
const PINNED: &str = "public, max-age=86400";

/// What depends on the program alone: no release is read for it.
const OF_PROGRAM: [&str; 5] = ["/", "/v1", "/openapi.json", "/problems", "/problems/{slug}"];

/// The headers that a response and its 304 must have in common.
fn validators_of(reply: &Reply) -> Vec<Option<&str>> {
    ["etag", "cache-control", "vary", "last-modified", "release-number"].map(|name| reply.header(name)).to_vec()
}

fn if_none_match(tag: &str) -> [String; 1] {
    [format!("If-None-Match: {tag}")]
}

#[test]
fn every_address_has_a_strong_etag_and_answers_304_to_it() {
    let document = document();
    let mut tags = Vec::new();
    for (path, operation) in operations(&document).into_iter().filter(|(path, _)| !path.starts_with("/health/")) {
        let target = address(&path, &operation);
        let declared = &operation["responses"];
        for name in ["ETag", "Cache-Control"] {
            assert!(declared["200"]["headers"][name].is_object(), "{path} does not declare {name}");
        }
        assert!(declared["304"].is_object(), "{path} does not declare 304");
        let reply = get(bundled(), &target);
        assert_eq!(reply.status, 200, "{target}");
        let tag = reply.header("etag").unwrap_or_else(|| panic!("{target} has no validator")).to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "{target}: {tag}");
        assert!(reply.header("cache-control").is_some(), "{target}");
        let release =
            if OF_PROGRAM.contains(&path.as_str()) { None } else { Some(reply.header("release-number").expect("a number")) };
        assert_eq!(reply.header("release-number"), release, "{target}");
        for held in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            for method in ["GET", "HEAD"] {
                let again = ask(bundled(), method, &target, &if_none_match(&held));
                assert_eq!((again.status, again.body.len()), (304, 0), "{method} {target} with {held}");
                assert_eq!(validators_of(&again), validators_of(&reply), "{method} {target} with {held}");
            }
        }
        for other in ["\"other\"", "other", "\"other\", W/\"more\""] {
            let whole = ask(bundled(), "GET", &target, &if_none_match(other));
            assert!(whole.status == 200 && whole.body == reply.body, "{target} with {other}");
            assert_eq!(validators_of(&whole), validators_of(&reply), "{target} with {other}");
        }
        // The newest file is also the file of the current release.
        if path != "/v1/files/{file}" {
            tags.push(tag);
        }
    }
    let all = tags.len();
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), all, "a tag stands for two answers");
}

#[test]
fn other_requests_releases_and_representations_have_other_etags() {
    let tag = |target: &str| get(four_releases().server.address, target).header("etag").expect("a tag").to_owned();
    let alike = tag("/v1/actors?sort=code&limit=2");
    assert_eq!(tag("/v1/actors?limit=2&sort=code"), alike, "the order of parameters says nothing");
    let others = ["", "&release=1", "&release=4", "&format=csv", "&fields=code", "&total=exact", "&labels=true"];
    let mut tags: Vec<String> = others.iter().map(|more| tag(&format!("/v1/actors?limit=2{more}"))).collect();
    tags.push(alike);
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), others.len() + 1);
    let csv = ask(four_releases().server.address, "GET", "/v1/actors?limit=2", &["Accept: text/csv".to_owned()]);
    assert_eq!(csv.header("etag"), Some(tag("/v1/actors?limit=2&format=csv").as_str()), "asked for in one way or the other");
}

#[test]
fn an_address_with_a_release_is_fresh_for_a_day_and_others_expire() {
    let caching = |target: &str| get(four_releases().server.address, target).header("cache-control").map(str::to_owned);
    let cursor =
        get(four_releases().server.address, "/v1/actors?limit=1").json()["links"]["next"].as_str().expect("a page").to_owned();
    for target in ["/v1/actors?release=2", "/v1/actors/stays?release=2", "/v1/actors?release=1&format=csv", cursor.as_str()] {
        assert_eq!(caching(target).as_deref(), Some(PINNED), "{target}");
    }
    let today = get(four_releases().server.address, "/v1/releases/4").data()["published_at"].as_str().expect("an instant")[..10]
        .to_owned();
    let now = format!("/v1/actors?as_of={today}");
    for target in ["/v1/actors", "/v1/actors/stays", "/v1/actors?format=csv", now.as_str(), "/v1", "/openapi.json", "/problems"] {
        assert_eq!(caching(target).as_deref(), Some(PASSING), "{target}");
    }
    let release =
        get(four_releases().server.address, "/v1/releases/2").data()["published_at"].as_str().expect("an instant").to_owned();
    let modified =
        get(four_releases().server.address, "/v1/actors?release=2").header("last-modified").expect("a date").to_owned();
    assert!(modified.ends_with(" GMT") && modified.contains(&release[11..19]), "{modified} is not {release}");
}

#[test]
fn refusals_are_not_cacheable() {
    let targets = [
        ("/v1/actors?limit=0", 400),
        ("/v1/actors/rien", 404),
        ("/v1/actors/goes", 410),
        ("/rien", 404),
        ("/v1/actors?release=99", 400),
        ("/problems/rien", 404),
    ];
    for (target, status) in targets {
        for held in ["*", "\"x\""] {
            let reply = ask(four_releases().server.address, "GET", target, &if_none_match(held));
            assert_eq!(reply.status, status, "{target} with If-None-Match: {held}");
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{target}");
            assert_eq!((reply.header("etag"), reply.header("cache-status")), (None, None), "{target}");
        }
    }
}

#[test]
fn responses_to_a_key_are_private() {
    let server = TestServer::empty();
    let token = key(&server.url, "essai", &["publish:*:*"], 1);
    let files = [("sources", SOURCES), ("territories", &territories(&[("COM-1", "A", "1")]))];
    let made = Form::of(&bundle(&files)).key(&token).send(server.address);
    assert_eq!(made.status, 201, "{}", made.text());
    let location = made.header("location").expect("an address").to_owned();
    let shown = ask(server.address, "GET", &location, &[format!("Authorization: Bearer {token}")]);
    assert_eq!(shown.status, 200);
    for reply in [&made, &shown] {
        assert_eq!(reply.header("cache-control"), Some("private, no-store"));
        assert_eq!((reply.header("etag"), reply.header("cache-status")), (None, None));
    }
    assert_eq!(get(server.address, "/v1/territories/COM-1").status, 200, "the publisher reads the new release at once");
    assert_eq!(get(server.address, &location).status, 401);
}

#[test]
fn a_client_with_the_current_response_gets_304_without_the_database() {
    let url = migrated();
    let files = [("sources", SOURCES), ("territories", &territories(&[("COM-1", "A", "1"), ("COM-2", "B", "2")]))];
    publish(&url, &bundle(&files)).expect("the bundle is right");
    let server = TestServer::with(&url, Shared { response_cache: ResponseCache::new(0), ..shared(&url) });
    let targets = [
        "/v1/territories",
        "/v1/territories?limit=1&release=1",
        "/v1/territories?format=parquet",
        "/v1/territories/COM-1",
        "/v1/territories/COM-1/history",
        "/v1/territories/COM-1/profile",
        "/v1/territories/COM-1/ancestors",
        "/v1/aggregates/observations?by=period&function=count",
        "/v1/changes",
        "/v1/releases.atom",
    ];
    let held: Vec<(&str, Reply)> = targets.map(|target| (target, get(server.address, target))).to_vec();
    close(&url);
    for (target, reply) in &held {
        let tag = reply.header("etag").expect("a tag");
        let again = ask(server.address, "GET", target, &if_none_match(tag));
        assert_eq!((again.status, validators_of(&again)), (304, validators_of(reply)), "{target}");
        assert_eq!(get(server.address, target).status, 503, "{target} is not kept in this server");
    }
    open(&url);
    assert!(held.iter().all(|(target, reply)| get(server.address, target).body == reply.body));
}

#[test]
fn the_same_address_of_another_database_has_another_etag() {
    let tag = |address| get(address, "/v1/sources?release=1").header("etag").expect("a tag").to_owned();
    assert_ne!(tag(example_data()), tag(four_releases().server.address));
}
