//! The Atom feed of releases, parsed by a feed reader.

use atom_syndication::{Feed, Link};
use reperes::app::Shared;

use crate::harness::{Reply, SOURCES, TestServer, bundle, get, publish, raw, shared, territories};

fn with(server: &TestServer, headers: &str) -> Reply {
    raw(server.address, format!("GET /v1/releases.atom HTTP/1.1\r\n{headers}Connection: close\r\n\r\n").as_bytes())
}

fn read(reply: &Reply) -> Feed {
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/atom+xml; charset=utf-8")));
    Feed::read_from(reply.body.as_slice()).expect("a feed")
}

fn to<'l>(links: &'l [Link], rel: &str) -> &'l str {
    links.iter().find(|link| link.rel == rel).map(|link| link.href.as_str()).expect("a link")
}

#[test]
fn every_release_is_an_entry_with_absolute_addresses() {
    let server = TestServer::empty();
    get(server.address, "/v1/releases.atom").problem(503);
    publish(&server.url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    publish(&server.url, &bundle(&[("territories", &territories(&[("COM-1", "A", "1")]))])).expect("the bundle is right");
    let feed = read(&with(&server, "Host: donnees.example.org:8443\r\n"));
    // Nobody has said which address is public, and `Host` is what anybody sends.
    let base = format!("http://{}", server.address);
    let base = base.as_str();
    assert_eq!(feed.id, format!("{base}/v1/releases.atom"));
    assert_eq!(to(&feed.links, "self"), feed.id);
    assert_eq!(feed.entries.len(), 2);
    for (entry, number) in feed.entries.iter().zip([2, 1]) {
        let row = get(server.address, &format!("/v1/releases/{number}")).data();
        assert_eq!(entry.id, format!("{base}/v1/releases/{number}"));
        assert_eq!(entry.title.value, format!("Publication {number} : Essai"));
        assert_eq!(entry.updated.timestamp_micros(), instant(&row["published_at"]));
        assert_eq!(entry.published, Some(entry.updated));
        assert_eq!(entry.authors[0].name, "Repères");
        assert_eq!(entry.rights.as_ref().map(|text| text.value.as_str()), Some("etalab-2.0"));
        let changes = to(&entry.links, "related");
        assert_eq!(changes, format!("{base}/v1/changes?since={}&until={number}", number - 1));
        let changes = get(server.address, changes.trim_start_matches(base));
        assert!(changes.data().as_array().is_some_and(|rows| !rows.is_empty()));
    }
    assert_eq!(feed.updated, feed.entries[0].updated);
    assert!(feed.entries[0].summary.as_ref().is_some_and(|text| text.value.contains("ajoutées : 1")), "{:?}", feed.entries[0]);
    let page = get(server.address, "/").text();
    assert!(
        page.contains("<link rel=\"alternate\" type=\"application/atom+xml\"") && page.contains("href=\"/v1/releases.atom\"")
    );
    get(server.address, "/v1/releases.atom?limit=1").problem(400);
}

fn instant(text: &serde_json::Value) -> i64 {
    let text = text.as_str().expect("a text");
    chrono::DateTime::parse_from_rfc3339(text).expect("an instant").timestamp_micros()
}

#[test]
fn a_feed_reader_gets_304_until_a_release_is_published() {
    let server = TestServer::empty();
    publish(&server.url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    let tag = with(&server, "Host: a\r\n").header("etag").expect("a tag").to_owned();
    let held = format!("If-None-Match: {tag}\r\n");
    let again = with(&server, &format!("Host: a\r\n{held}"));
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(with(&server, &format!("Host: b\r\n{held}")).status, 304, "the same addresses stand in it");
    publish(&server.url, &bundle(&[("territories", &territories(&[("COM-1", "A", "1")]))])).expect("the bundle is right");
    assert_eq!(read(&with(&server, &format!("Host: a\r\n{held}"))).entries.len(), 2);
}

#[test]
fn a_configured_public_url_takes_precedence_over_the_host_of_the_request() {
    let server = TestServer::empty();
    publish(&server.url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    let known = Shared { public_url: Some("https://donnees.example.org/reperes".to_owned()), ..shared(&server.url) };
    let feed = read(&with(&TestServer::with(&server.url, known), "Host: localhost\r\n"));
    assert_eq!(feed.id, "https://donnees.example.org/reperes/v1/releases.atom");
    assert_eq!(feed.entries[0].id, "https://donnees.example.org/reperes/v1/releases/1");
}
