//! The headers that clients really send: a piece that cannot be read says nothing, and the rest decides.

use crate::harness::{Reply, ask, bundled, get, raw};

/// The type of a list for an `Accept`, sent as these lines.
fn chosen(target: &str, accept: &str) -> (u16, String) {
    let reply = ask(bundled(), "GET", target, &[format!("Accept: {accept}")]);
    (reply.status, reply.header("content-type").unwrap_or_default().to_owned())
}

#[test]
fn accept_is_read_as_clients_send_it() {
    const JSON: &str = "application/json; charset=utf-8";
    let csv = get(bundled(), "/v1/sources?format=csv").header("content-type").expect("a type").to_owned();
    let csv = csv.as_str();
    assert!(csv.starts_with("text/csv"), "{csv}");
    for (accept, expected) in [
        // Every Java program until JDK 23: `HttpURLConnection`.
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", JSON),
        ("*", JSON),
        ("*;q=.2", JSON),
        ("application/json;q=.9,*;q=.1", JSON),
        ("text/csv;q=1.0000, application/json;q=.9", csv),
        ("application/json;q=1.0000", JSON),
        ("text/csv; q = 0.9, application/json; q=0.8", csv),
        ("application/json;q=0.5;ext=1, text/csv", csv),
        ("application/json; charset=\"utf-8, or not\", text/csv;q=0.9", JSON),
        // What cannot be read says nothing.
        ("text/csv;q=abc, application/json;q=0.1", JSON),
        ("text/csv;q=7, */*;q=0.1", JSON),
        (",,text/csv,", csv),
        ("text/html;level=\"1, text/csv", csv),
        ("é, text/csv", csv),
        ("nonsense, image", JSON),
        ("text/, /csv", JSON),
        ("é", JSON),
        ("", JSON),
        (";q=0", JSON),
    ] {
        let (status, found) = chosen("/v1/sources", accept);
        assert_eq!((status, found.as_str()), (200, expected), "{accept}");
    }
    for refused in ["text/html;q=1.0000", "*;q=0", "*/*;q=0.000", "application/json;q=0, text/html"] {
        assert_eq!(chosen("/v1/sources", refused).0, 406, "{refused}");
    }
}

/// Values that headers have in the world, each wrong in another way.
const ODD: [&str; 23] = [
    "",
    ",",
    ";",
    "*",
    "é",
    "q=1",
    "a;q=x",
    "a;q=9",
    "\"",
    "\"open",
    "W/",
    "W/\"x\", \"",
    "bytes=",
    "bytes=x-y",
    "bytes=5-2",
    "bytes=--",
    "items=0-1",
    "bytes=0-0,x",
    "Thu, 99 Foo 2019",
    "0",
    "-1",
    "1e9",
    "respond-async, wait=x; ;=",
];

/// Request headers that a read may have. `Host`, `Content-Length`, `Transfer-Encoding`, `Expect` and `Connection` frame the message, so that
/// a wrong one must be refused.
const HEADERS: [&str; 24] = [
    "Accept",
    "Accept-Charset",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Cache-Control",
    "Content-Type",
    "Content-Encoding",
    "Cookie",
    "DNT",
    "Date",
    "Forwarded",
    "From",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Origin",
    "Prefer",
    "Range",
    "Referer",
    "User-Agent",
    "X-Forwarded-For",
];

#[test]
fn a_header_that_cannot_be_read_is_no_error_of_a_read() {
    let targets = [
        "/v1/territories?limit=1",
        "/v1/territories/DEP-59",
        "/v1/territories?kind=region&format=csv",
        "/v1/changes?limit=1",
        "/v1/releases.atom",
        "/v1/files/conventions.csv",
        "/v1",
        "/openapi.json",
    ];
    for target in targets {
        for value in ODD {
            for header in HEADERS {
                let reply = ask(bundled(), "GET", target, &[format!("{header}: {value}")]);
                let met = matches!(reply.status, 200 | 206 | 304);
                assert!(met, "{target} with {header}: {value}: {} {}", reply.status, reply.text());
            }
        }
    }
}

#[test]
fn a_coding_that_cannot_be_read_leaves_the_others() {
    let coding = |codings: &str| {
        let reply = ask(bundled(), "GET", "/v1/territories?limit=200", &[format!("Accept-Encoding: {codings}")]);
        assert_eq!(reply.status, 200, "{codings}");
        reply.header("content-encoding").map(str::to_owned)
    };
    for (codings, expected) in [
        ("gzip;q=x, br", Some("br")),
        ("x-gzip", Some("gzip")),
        ("GZIP;q=1.0000", Some("gzip")),
        ("gzip;q=.5, br;q=.4", Some("gzip")),
        ("é, gzip", Some("gzip")),
        ("*", Some("zstd")),
        ("gzip;q=0", None),
        ("compress, ;", None),
    ] {
        assert_eq!(coding(codings).as_deref(), expected, "{codings}");
    }
}

fn of_old(target: &str, headers: &str) -> Reply {
    raw(bundled(), format!("GET {target} HTTP/1.0\r\n{headers}\r\n").as_bytes())
}

#[test]
fn a_client_of_http_1_0_gets_no_chunks() {
    for target in [
        "/v1/territories?kind=region&format=csv",
        "/v1/territories?kind=departement&format=ndjson",
        "/v1/changes?format=ndjson&limit=5",
        "/v1/territories?kind=region",
    ] {
        for headers in ["", "Connection: keep-alive\r\n", "Accept-Encoding: gzip\r\n"] {
            let old = of_old(target, headers);
            assert_eq!((old.status, old.header("transfer-encoding")), (200, None), "{target} with {headers}");
            if headers.is_empty() {
                assert!(old.body == get(bundled(), target).body, "{target}");
            }
        }
    }
    let export = of_old("/v1/territories?kind=region&format=csv", "Connection: keep-alive\r\n");
    assert_eq!(export.header("content-length"), None);
    assert_ne!(export.header("connection"), Some("keep-alive"), "the end of the connection is that of the body");
}

#[test]
fn every_answer_names_the_version_of_the_api() {
    for target in ["/v1", "/v1/territories?limit=1", "/rien", "/v1/territories?limit=0", "/openapi.json", "/docs/"] {
        assert_eq!(get(bundled(), target).header("api-version"), Some(env!("CARGO_PKG_VERSION")), "{target}");
    }
    let exposed = get(bundled(), "/v1").header("access-control-expose-headers").expect("a list").to_owned();
    assert!(exposed.contains("API-Version"), "{exposed}");
}

#[test]
fn slashes_at_the_end_lead_to_the_address_without_them() {
    for (target, location) in [
        ("/v1/", "/v1"),
        ("/v1/territories/", "/v1/territories"),
        ("/v1/territories//?kind=region&limit=1", "/v1/territories?kind=region&limit=1"),
        ("/v1/territories/DEP-59/", "/v1/territories/DEP-59"),
        ("/v1/territories/DEP-59/history/?limit=1", "/v1/territories/DEP-59/history?limit=1"),
        ("/v1/measures/prime-activite/indicators/", "/v1/measures/prime-activite/indicators"),
        ("/v1/files/conventions.csv/", "/v1/files/conventions.csv"),
        ("/v1/releases.atom/", "/v1/releases.atom"),
        ("/openapi.json/", "/openapi.json"),
    ] {
        for method in ["GET", "HEAD"] {
            let reply = ask(bundled(), method, target, &[]);
            assert_eq!((reply.status, reply.header("location")), (308, Some(location)), "{method} {target}");
        }
    }
    for nothing in ["/rien/", "//evil.example/", "//evil.example//", "/v1/rien/x/y/z/", "//", "/v1/territories/DEP-59/rien/"] {
        let reply = get(bundled(), nothing);
        assert_eq!((reply.status, reply.header("location")), (404, None), "{nothing}");
    }
    for (target, status) in [("/docs/", 200), ("/problems/", 200), ("/", 200)] {
        assert_eq!(get(bundled(), target).status, status, "{target}");
    }
    assert_eq!(get(bundled(), &format!("/v1/territories/?q={}", "a".repeat(17_000))).status, 414);
}
