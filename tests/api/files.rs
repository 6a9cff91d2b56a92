//! Files of releases: complete, immutable, and served in ranges.

use std::io::Read;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reperes::datasets::REGISTRY;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::harness::four_releases::every_row;
use crate::harness::{TestServer, bundled, example_data, get, head, raw};

fn with(address: std::net::SocketAddr, path: &str, headers: &str) -> crate::harness::Reply {
    raw(address, format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\r\n\r\n").as_bytes())
}

#[test]
fn every_file_is_listed_and_equals_the_export() {
    let names: Vec<(String, String)> = get(example_data(), "/v1/files")
        .data()
        .as_array()
        .expect("a list")
        .iter()
        .map(|file| (file["href"].as_str().expect("an address").to_owned(), file["format"].as_str().expect("a word").to_owned()))
        .collect();
    assert!(names.len() > 40, "{} files", names.len());
    for (href, format) in &names {
        let reply = get(example_data(), href);
        assert_eq!(reply.status, 200, "{href}: {}", reply.text());
        let digest = Sha256::digest(&reply.body);
        let expected = format!("sha-256=:{}:", BASE64_STANDARD.encode(digest));
        assert_eq!(reply.header("repr-digest"), Some(expected.as_str()), "{href}");
        assert_eq!(reply.header("content-length"), Some(reply.body.len().to_string().as_str()), "{href}");
        let dataset = href.trim_start_matches("/v1/files/").split('.').next().expect("a name");
        let dataset = REGISTRY.iter().find(|one| one.name == dataset).expect("a dataset");
        let export = get(example_data(), &format!("/v1/{}?format={format}{}", dataset.name, every_row(dataset)));
        assert_eq!(reply.header("content-type"), export.header("content-type"), "{href}");
        if format != "parquet" {
            assert!(export.whole && export.body == reply.body, "{href} is not what the export gives");
        }
        let pinned = reply.header("content-location").expect("an address").to_owned();
        let again = get(example_data(), &pinned);
        assert!(again.body == reply.body && again.header("cache-control") == Some("public, max-age=31536000, immutable"));
        let empty = head(example_data(), href);
        assert_eq!((empty.status, empty.body.len()), (200, 0));
        assert_eq!(empty.header("content-length"), reply.header("content-length"), "{href}");
    }
    for file in get(example_data(), "/v1/files").data().as_array().expect("a list") {
        let body = get(example_data(), file["pinned"].as_str().expect("an address")).body;
        let digest: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((file["bytes"].as_u64(), file["sha256"].as_str()), (Some(body.len() as u64), Some(digest.as_str())));
        let counted =
            get(example_data(), &format!("/v1/{}?total=exact&limit=1", file["dataset"].as_str().expect("a name"))).json();
        assert_eq!(file["rows"], counted["meta"]["total"]["value"], "{file}");
    }
}

/// The bytes without their coding.
fn decoded(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        "zstd" => zstd::stream::copy_decode(bytes, &mut plain).expect("zstd"),
        "gzip" => drop(flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).expect("gzip")),
        other => panic!("{other} is not offered"),
    }
    plain
}

fn digest_of(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(bytes)))
}

#[test]
fn text_files_are_kept_compressed_and_negotiated() {
    let listed = get(example_data(), "/v1/files").data();
    let mut compressed = 0;
    for file in listed.as_array().expect("a list") {
        let href = file["href"].as_str().expect("an address");
        let plain = get(example_data(), href);
        let dense = ["parquet", "xlsx"].iter().any(|format| file["format"] == *format);
        let encodings = file["encodings"].as_array().expect("a list");
        let codings: Vec<&str> = encodings.iter().filter_map(|one| one["coding"].as_str()).collect();
        assert_eq!(codings, if dense { vec![] } else { vec!["zstd", "gzip"] }, "{href}");
        assert_eq!(plain.header("vary"), (!dense).then_some("Accept-Encoding"), "{href}");
        for (encoded, coding) in encodings.iter().zip(codings) {
            compressed += 1;
            let own = encoded["href"].as_str().expect("an address");
            assert_eq!(own, format!("{href}.{}", if coding == "zstd" { "zst" } else { "gz" }));
            let alone = get(example_data(), own);
            assert_eq!((alone.status, alone.header("content-encoding"), alone.header("vary")), (200, None, None), "{own}");
            assert_eq!(alone.header("content-type"), Some(&*format!("application/{coding}")), "{own}");
            assert_eq!(alone.header("content-location"), encoded["pinned"].as_str(), "{own}");
            assert!(decoded(coding, &alone.body) == plain.body, "{own} has other content");
            let negotiated = with(example_data(), href, &format!("Accept-Encoding: br, {coding}"));
            assert_eq!((negotiated.status, negotiated.header("content-encoding")), (200, Some(coding)), "{href}");
            assert!(negotiated.body == alone.body, "{href} as {coding}");
            for reply in [&alone, &negotiated] {
                assert_eq!(reply.header("repr-digest"), Some(&*digest_of(&alone.body)), "{own}");
                assert_eq!(reply.header("content-length"), Some(&*alone.body.len().to_string()), "{own}");
                assert_ne!(reply.header("etag"), plain.header("etag"), "{own}");
            }
            for header in ["content-type", "content-location", "content-disposition", "vary", "total-count"] {
                assert_eq!(negotiated.header(header), plain.header(header), "{href} as {coding}: {header}");
            }
            assert_eq!(head(example_data(), own).header("content-length"), alone.header("content-length"), "{own}");
        }
    }
    assert!(compressed > 40, "{compressed} compressed files");
    let known = get(example_data(), "/v1/files").data();
    for encoded in known.as_array().expect("a list").iter().flat_map(|file| file["encodings"].as_array().expect("a list")) {
        let body = get(example_data(), encoded["pinned"].as_str().expect("an address")).body;
        let digest = hex::encode(Sha256::digest(&body));
        assert_eq!((encoded["bytes"].as_u64(), encoded["sha256"].as_str()), (Some(body.len() as u64), Some(&*digest)));
    }
    for path in ["/v1/files/sources.parquet.zst", "/v1/files/sources.csv.br", "/v1/files/sources.csv.zst.gz"] {
        get(example_data(), path).problem(404);
    }
}

#[test]
fn ranges_and_validators_are_those_of_the_coding() {
    let path = "/v1/files/1/territories.csv";
    let zstd = |headers: &str| with(example_data(), path, &format!("Accept-Encoding: zstd\r\n{headers}"));
    let (plain, whole) = (get(example_data(), path), zstd(""));
    let (plain_tag, tag) = (plain.header("etag").expect("a tag"), whole.header("etag").expect("a tag"));
    let part = zstd("Range: bytes=5-9");
    assert_eq!((part.status, part.body.as_slice(), part.header("content-encoding")), (206, &whole.body[5..10], Some("zstd")));
    assert_eq!(part.header("content-range"), Some(&*format!("bytes 5-9/{}", whole.body.len())));
    assert_eq!(zstd(&format!("Range: bytes=5-9\r\nIf-Range: {tag}")).status, 206);
    let other = zstd(&format!("Range: bytes=5-9\r\nIf-Range: {plain_tag}"));
    assert!(other.status == 200 && other.body == whole.body, "a client that has begun another coding starts again");
    let unchanged = zstd(&format!("If-None-Match: {tag}"));
    assert_eq!((unchanged.status, unchanged.header("vary")), (304, Some("Accept-Encoding")));
    assert_eq!(zstd(&format!("If-None-Match: {plain_tag}")).status, 200);
    for none in ["identity", "br", "zstd;q=0, gzip;q=0", "*;q=0"] {
        let reply = with(example_data(), path, &format!("Accept-Encoding: {none}\r\n"));
        assert!(reply.header("content-encoding").is_none() && reply.body == plain.body, "{none}");
    }
}

#[test]
fn range_and_conditional_requests_for_files_are_answered() {
    let path = "/v1/files/1/territories.csv";
    let whole = get(example_data(), path);
    let (etag, modified) = (whole.header("etag").expect("a tag"), whole.header("last-modified").expect("a date"));
    let part = with(example_data(), path, "Range: bytes=5-9");
    assert_eq!((part.status, part.body.as_slice()), (206, &whole.body[5..10]));
    assert_eq!(part.header("content-range"), Some(format!("bytes 5-9/{}", whole.body.len()).as_str()));
    let tail = with(example_data(), path, "Range: bytes=-7");
    assert_eq!((tail.status, tail.body.as_slice()), (206, &whole.body[whole.body.len() - 7..]));
    let rest = with(example_data(), path, &format!("Range: bytes=10-\r\nIf-Range: {etag}"));
    assert_eq!((rest.status, rest.body.as_slice()), (206, &whole.body[10..]));
    assert_eq!(with(example_data(), path, &format!("Range: bytes=10-\r\nIf-Range: {modified}")).status, 206);
    assert_eq!(with(example_data(), path, "Range: bytes=10-\r\nIf-Range: \"autre\"").body, whole.body);
    for ignored in ["bytes=0-1,5-6", "lignes=0-1", "bytes=a-b", "bytes=9-5"] {
        let reply = with(example_data(), path, &format!("Range: {ignored}"));
        assert!(reply.status == 200 && reply.body == whole.body || reply.status == 416, "{ignored}: {}", reply.status);
    }
    assert_eq!(with(example_data(), path, "Range: bytes=99999999-").problem(416)["type"], "/problems/range-not-satisfiable");
    for known in [
        format!("If-None-Match: {etag}"),
        format!("If-None-Match: W/{etag}, \"x\""),
        "If-None-Match: *".to_owned(),
        format!("If-Modified-Since: {modified}"),
    ] {
        let reply = with(example_data(), path, &known);
        assert_eq!((reply.status, reply.body.len(), reply.header("etag")), (304, 0, Some(etag)), "{known}");
    }
    assert_eq!(with(example_data(), path, &format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {modified}")).status, 200);
    assert_eq!(with(example_data(), path, "If-Modified-Since: Mon, 01 Jan 2001 00:00:00 GMT").status, 200);
}

#[test]
fn an_unknown_file_is_refused_with_its_name() {
    let problem = get(bundled(), "/v1/files/territoires.csv").problem(404);
    assert_eq!(problem["closest"][0], "territories.csv");
    for path in [
        "/v1/files/territories",
        "/v1/files/contours.csv",
        "/v1/files/99/territories.csv",
        "/v1/files/a/territories.csv",
        "/v1/files/territories.json",
        "/v1/files/..%2Ffiles",
    ] {
        get(bundled(), path).problem(404);
    }
    get(bundled(), "/v1/files/territories.csv?limit=1").problem(400);
    get(TestServer::empty().address, "/v1/files").problem(503);
    let listed: Value = get(bundled(), "/v1/files").json();
    assert_eq!(listed["release"], 3);
}
