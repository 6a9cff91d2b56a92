//! Conditional requests: by date where a date is sent, by tags that a proxy has changed, and what a 304 says.

use crate::document::{address, document, operations};
use crate::harness::four_releases::four_releases;
use crate::harness::{ask, bundled, get};

/// The headers of a 200 that its 304 has too (RFC 9110, section 15.4.5).
const KEPT: [&str; 6] = ["etag", "cache-control", "vary", "last-modified", "content-location", "release-number"];

#[test]
fn a_date_is_honoured_wherever_one_is_sent_and_a_304_has_the_headers_of_its_200() {
    let document = document();
    let described = operations(&document).into_iter().filter(|(path, _)| !path.starts_with("/health/"));
    let mut targets: Vec<String> = described.map(|(path, operation)| address(&path, &operation)).collect();
    targets.extend(
        [
            "/v1/territories?kind=region&format=csv",
            "/v1/territories?kind=region&format=csv&limit=2",
            "/v1/territories?kind=region&release=1&limit=2&format=parquet",
            "/v1/observations?format=csv&layout=wide",
            "/v1/changes?format=ndjson&limit=3",
            "/v1/changes?format=csv",
            "/v1/aggregates/observations?by=period&function=count&format=csv",
        ]
        .map(str::to_owned),
    );
    let mut dated = 0;
    for target in &targets {
        // Twice: the second answer comes from the index of requests.
        for _ in 0..2 {
            let whole = get(bundled(), target);
            assert_eq!(whole.status, 200, "{target}");
            let kept = |reply: &crate::harness::Reply| KEPT.map(|name| reply.header(name).map(str::to_owned));
            let tag = format!("If-None-Match: {}", whole.header("etag").expect("a tag"));
            let Some(modified) = whole.header("last-modified") else { continue };
            dated += 1;
            for (header, status) in [
                (vec![tag.clone()], 304),
                (vec![format!("If-Modified-Since: {modified}")], 304),
                (vec!["If-Modified-Since: Tue, 31 Dec 2199 23:59:59 GMT".to_owned()], 304),
                (vec!["If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT".to_owned()], 200),
                (vec!["If-Modified-Since: yesterday".to_owned()], 200),
                (vec![format!("If-Modified-Since: {modified}"), "If-None-Match: \"other\"".to_owned()], 200),
            ] {
                for method in ["GET", "HEAD"] {
                    let reply = ask(bundled(), method, target, &header);
                    assert_eq!(reply.status, status, "{method} {target} with {header:?}");
                    assert_eq!(kept(&reply), kept(&whole), "{method} {target} with {header:?}");
                    assert!(status == 200 || reply.body.is_empty(), "{target}");
                }
            }
        }
    }
    assert!(dated > 60, "only {dated} answers have a date");
}

#[test]
fn a_date_makes_no_answer_of_what_has_none() {
    let since = ["If-Modified-Since: Tue, 31 Dec 2199 23:59:59 GMT".to_owned()];
    for (target, status) in [
        ("/v1/actors/rien", 404),
        ("/v1/actors/goes", 410),
        ("/v1/actors?limit=0", 400),
        ("/v1/actors?code=rien", 400),
        ("/v1/changes?dataset=rien", 400),
        ("/v1/changes?within=rien&limit=1", 400),
        ("/v1/changes?within=rien&format=ndjson", 400),
    ] {
        assert_eq!(ask(four_releases().server.address, "GET", target, &since).status, status, "{target}");
    }
}

#[test]
fn a_tag_that_a_proxy_has_changed_is_still_the_tag() {
    for target in ["/v1/territories?limit=3", "/v1/territories/DEP-59", "/v1/files/conventions.csv", "/v1/releases.atom", "/v1"] {
        let tag = get(bundled(), target).header("etag").expect("a tag").to_owned();
        let opaque = tag.trim_matches('"');
        for held in [
            format!("\"{opaque}-gzip\""),
            format!("W/\"{opaque}-gzip\""),
            format!("\"{opaque}--gzip\""),
            format!("\"{opaque}-br\""),
            format!("nonsense, \"x\", \"{opaque}\""),
        ] {
            let reply = ask(bundled(), "GET", target, &[format!("If-None-Match: {held}")]);
            assert_eq!((reply.status, reply.header("etag")), (304, Some(tag.as_str())), "{target} with {held}");
        }
        let other = ask(bundled(), "GET", target, &[format!("If-None-Match: \"{opaque}gzip\"")]);
        assert_eq!(other.status, 200, "{target}");
    }
}
