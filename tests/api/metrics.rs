//! Metrics: exact counts of known requests, conventional names, and no label that a client chooses.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use reperes::app::Shared;
use reperes::datasets::REGISTRY;
use reperes::http::middleware::rate_limit::Quota;
use reperes::http::{Bounds, router};
use reperes::server::admin;

use super::publishing_http::communes;
use crate::harness::{
    Form, Program, SOURCES, Signal, TestServer, ask, bundle, close, data_dir, get, key, migrated, open, publish, send, serve,
    shared, text, until,
};

const ROW: &str = "/v1/territories/COM-59350";

/// Starts the server of the admin address, which needs no running application. Returns its address.
fn admin(shared: &Shared) -> SocketAddr {
    let shared = shared.clone();
    serve(async move || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        Ok((listener.local_addr()?, admin::start(listener, &shared)?))
    })
}

/// A server on the small bundle, and its admin address.
pub(super) fn server(bounds: Bounds) -> (TestServer, SocketAddr) {
    let url = migrated();
    publish(&url, Path::new("tests/fixtures/bundles/01-small")).expect("the bundle is right");
    let shared = shared(&url).within(bounds);
    let admin = admin(&shared);
    (TestServer::with(&url, shared), admin)
}

/// Every sample: the name with the labels, and the value.
fn samples(admin: SocketAddr) -> BTreeMap<String, f64> {
    let reply = get(admin, "/metrics");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    let text = reply.text();
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').expect("a sample has a value");
        (name.to_owned(), value.parse().expect("a number"))
    };
    text.lines().filter(|line| !line.starts_with('#')).map(sample).collect()
}

/// The samples of one name: the labels and the value of each.
fn samples_named<'s>(samples: &'s BTreeMap<String, f64>, name: &str) -> BTreeMap<&'s str, f64> {
    samples.iter().filter_map(|(sample, value)| Some((sample.strip_prefix(name)?, *value))).collect()
}

#[test]
fn every_request_is_counted_once_by_its_route() {
    let (server, admin) = server(Bounds::default());
    let first = get(server.address, ROW);
    let tag = first.header("etag").expect("a tag").to_owned();
    assert_eq!(get(server.address, ROW).status, 200);
    assert_eq!(send(server.address, "HEAD", ROW).status, 200);
    assert_eq!(ask(server.address, "GET", ROW, &[format!("If-None-Match: {tag}")]).status, 304);
    let reads = samples(admin)["reperes_database_read_duration_seconds_count"];
    assert_eq!(get(server.address, ROW).status, 200);
    get(server.address, "/v1/territories?nope=1").problem(400);
    get(server.address, "/nothing/here").problem(404);
    send(server.address, "POST", ROW).problem(405);
    send(server.address, "BREW", ROW).problem(405);
    let counted = samples(admin);
    assert_eq!(counted["reperes_database_read_duration_seconds_count"], reads, "what needs no read has made one");
    get(server.address, "/v1/territories/COM-00000").problem(404);
    let read = samples(admin)["reperes_database_read_duration_seconds_count"];
    assert!(read > reads);

    let item =
        |method: &str, status: u16| format!("{{route=\"/v1/territories/{{code}}\",method=\"{method}\",status=\"{status}\"}}");
    let other = |route: &str, status: u16| format!("{{route=\"{route}\",method=\"GET\",status=\"{status}\"}}");
    let expected = [
        (item("GET", 200), 3.0),
        (item("GET", 304), 1.0),
        (item("HEAD", 200), 1.0),
        (item("POST", 405), 1.0),
        (item("other", 405), 1.0),
        (other("/v1/territories", 400), 1.0),
        (other("unmatched", 404), 1.0),
    ];
    let expected: BTreeMap<&str, f64> = expected.iter().map(|(labels, count)| (labels.as_str(), *count)).collect();
    assert_eq!(samples_named(&counted, "reperes_http_request_duration_seconds_count"), expected);
    for labels in expected.keys() {
        let inner = labels.trim_matches(['{', '}']);
        let inner = if inner.ends_with('"') { inner } else { labels };
        let all =
            counted.iter().find(|(name, _)| name.contains("_seconds_bucket{") && name.contains(inner) && name.contains("+Inf"));
        assert_eq!(all.map(|(_, count)| *count), Some(expected[labels]), "{labels}");
        assert!(counted[&format!("reperes_http_request_duration_seconds_sum{labels}")] > 0.0);
    }
    let cached = [("hit", 3.0), ("miss", 1.0), ("not_modified", 1.0), ("stale", 0.0)]
        .map(|(how, count)| (format!("{{outcome=\"{how}\"}}"), count));
    let cached: BTreeMap<&str, f64> = cached.iter().map(|(labels, count)| (labels.as_str(), *count)).collect();
    assert_eq!(samples_named(&counted, "reperes_cache_answers_total"), cached);
    for (name, value) in [
        ("reperes_cache_entries", 1.0),
        ("reperes_database_up", 1.0),
        ("reperes_database_reads_in_flight", 0.0),
        ("reperes_database_reads_refused_total", 0.0),
        ("reperes_database_heavy_reads_running", 0.0),
        ("reperes_database_heavy_reads_waiting", 0.0),
        ("reperes_database_connections_lost_total", 0.0),
        ("reperes_exports_running", 0.0),
        ("reperes_exports_total", 0.0),
        ("reperes_http_requests_in_flight", 0.0),
        ("reperes_release_number", 1.0),
        (concat!("reperes_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1.0),
    ] {
        assert_eq!(counted.get(name), Some(&value), "{name}");
    }
    assert!(counted["reperes_cache_size_bytes"] > first.body.len() as f64);
    assert!((1.0..=2.0).contains(&counted["reperes_database_connections_opened_total"]));
    let published =
        first.header("last-modified").and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok()).expect("a date");
    assert_eq!(counted["reperes_release_timestamp_seconds"].floor(), published.timestamp() as f64);
}

#[test]
fn exports_publications_and_refusals_are_counted() {
    let quota = Quota { name: "requests", requests: 1, window: Duration::from_secs(100_000) };
    let proxies = vec!["127.0.0.1/32".parse().expect("a network")];
    let (server, admin) = server(Bounds { requests: quota, proxies, ..Bounds::default() });
    let client = ["X-Forwarded-For: 192.0.2.1".to_owned()];
    assert_eq!(ask(server.address, "GET", ROW, &client).status, 200);
    for _ in 0..2 {
        ask(server.address, "GET", ROW, &client).problem(429);
    }
    // Each of these comes from a client of its own.
    let named = |form: Form, client: u8| form.header("X-Forwarded-For", &format!("192.0.2.{client}"));
    assert!(ask(server.address, "GET", "/v1/territories?format=csv", &["X-Forwarded-For: 192.0.2.2".to_owned()]).whole);
    let token = key(&server.url, "tout", &["publish:*:*"], 1);
    let form = communes("Ici").key(&token);
    let source = bundle(&[("sources", SOURCES)]);
    publish(&server.url, &source).expect("the bundle is right");
    assert_eq!(named(form.clone().dry_run(), 3).send(server.address).status, 200);
    assert_eq!(named(form.clone(), 4).send(server.address).status, 201);
    assert_eq!(named(form, 5).send(server.address).status, 200);
    let counted = samples(admin);
    let refused = "reperes_http_request_duration_seconds_count{route=\"refused\",method=\"GET\",status=\"429\"}";
    assert_eq!(counted[refused], 2.0);
    for (name, value) in [
        ("reperes_http_requests_limited_total{policy=\"requests\"}", 2.0),
        ("reperes_http_requests_limited_total{policy=\"database-time\"}", 0.0),
        ("reperes_http_requests_limited_total{policy=\"publications\"}", 0.0),
        ("reperes_exports_total", 1.0),
        ("reperes_exports_refused_total", 0.0),
        ("reperes_publications_total{outcome=\"published\"}", 1.0),
        ("reperes_publications_total{outcome=\"would_publish\"}", 1.0),
        ("reperes_publications_total{outcome=\"unchanged\"}", 1.0),
        ("reperes_publications_total{outcome=\"failed\"}", 0.0),
        ("reperes_publication_duration_seconds_count", 3.0),
        ("reperes_publication_rows_total{dataset=\"territories\",change=\"added\"}", 2.0),
        ("reperes_publication_rows_total{dataset=\"territories\",change=\"changed\"}", 0.0),
        ("reperes_publication_rows_total{dataset=\"territories\",change=\"withdrawn\"}", 0.0),
        ("reperes_release_number", 3.0),
    ] {
        assert_eq!(counted.get(name), Some(&value), "{name}");
    }
}

#[test]
fn metric_names_and_labels_follow_the_conventions() {
    let (server, admin) = server(Bounds::default());
    for target in
        [ROW, "/v1/territories?q=x", "/v1/releases/1", "/docs/", "/problems/", "/problems/gone", "/%2e%2e/x", "/v1/%22%0a"]
    {
        get(server.address, target);
    }
    let text = get(admin, "/metrics").text();
    let types: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    for (name, kind) in &types {
        assert!(name.starts_with("reperes_") || name.starts_with("process_"), "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert_eq!(name.ends_with("_total"), *kind == "counter", "{name}");
        assert!(*kind != "histogram" || name.ends_with("_seconds"), "{name}");
        assert!(text.contains(&format!("# HELP {name} ")), "{name}");
        let scaled = ["milli", "micro", "nano", "kilo", "mega", "minutes", "hours"];
        assert!(scaled.iter().all(|unit| !name.contains(unit)), "{name} is not in a base unit");
    }
    for (name, kind) in [
        ("process_cpu_seconds_total", "counter"),
        ("process_max_fds", "gauge"),
        ("process_open_fds", "gauge"),
        ("process_resident_memory_bytes", "gauge"),
        ("process_start_time_seconds", "gauge"),
    ] {
        assert_eq!(types.get(name), Some(&kind), "{name}");
    }
    let counted = samples(admin);
    let (now, started) = (chrono::Utc::now().timestamp() as f64, counted["process_start_time_seconds"]);
    assert!(started <= now + 1.0 && now - started < 86_400.0, "{started} is not when this test began");
    assert!(counted["process_resident_memory_bytes"] > 1e6 && counted["process_open_fds"] < counted["process_max_fds"]);
    for sample in counted.keys() {
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|part| sample.split('{').next()?.strip_suffix(part));
        let name = sample.split('{').next().expect("a name");
        assert!(types.contains_key(name) || family.is_some_and(|name| types.get(name) == Some(&"histogram")), "{sample}");
    }
    let patterns: Vec<String> = router::all(REGISTRY).iter().map(router::Endpoint::path).collect();
    let routes: Vec<&str> = text.lines().filter_map(|line| line.split("route=\"").nth(1)?.split('"').next()).collect();
    for route in &routes {
        let known = patterns.iter().any(|pattern| pattern == route);
        assert!(
            known || ["unmatched", "refused", "/problems/", "/docs", reperes::http::handlers::docs::PAGES].contains(route),
            "{route}"
        );
    }
    assert!(routes.contains(&"/v1/releases/{code}") && routes.contains(&"unmatched"));
    assert!(!text.contains("COM-59350"));
}

#[test]
fn metrics_are_served_without_a_worker_and_without_a_database() {
    let unreachable = "postgres://nobody@127.0.0.1:1/nothing";
    let shared = Shared { problem_base: "http://127.0.0.1:1".into(), ..shared(unreachable) };
    let admin = admin(&shared);
    let counted = samples(admin);
    assert_eq!((counted["reperes_database_up"], counted["reperes_release_number"]), (0.0, 0.0));
    assert_eq!(get(admin, "/health/live").json(), serde_json::json!({"status": "ok"}));
    let ready = get(admin, "/health/ready");
    assert_eq!(ready.problem(503)["type"], "/problems/unavailable");
}

#[test]
fn readiness_follows_the_database_on_both_addresses() {
    let (server, admin) = server(Bounds::default());
    let both = [server.address, admin];
    for address in both {
        assert_eq!(get(address, "/health/ready").json(), serde_json::json!({"status": "ok", "release": 1}));
    }
    let reads = samples(admin)["reperes_database_read_duration_seconds_count"];
    close(&server.url);
    both.iter().for_each(|address| until_ready_answers(*address, 503));
    assert_eq!(samples(admin)["reperes_database_up"], 0.0);
    open(&server.url);
    both.iter().for_each(|address| until_ready_answers(*address, 200));
    let counted = samples(admin);
    assert_eq!((counted["reperes_database_up"], counted["reperes_database_read_duration_seconds_count"]), (1.0, reads));
}

fn until_ready_answers(address: SocketAddr, status: u16) {
    until(&format!("{address}/health/ready answers {status}"), || get(address, "/health/ready").status == status);
}

#[test]
fn the_public_and_the_admin_address_serve_different_paths() {
    let (server, admin) = server(Bounds::default());
    get(server.address, "/metrics").problem(404);
    for target in ["/", "/v1", ROW, "/openapi.json", "/docs/", "/metrics/", "/metrics/x", "/health"] {
        assert_eq!(get(admin, target).status, 404, "{target}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        assert_eq!(send(admin, method, "/metrics").status, 405, "{method}");
    }
    assert!(send(admin, "HEAD", "/metrics").body.is_empty());
}

#[test]
fn the_program_serves_metrics_on_the_admin_address_and_exits_cleanly() {
    let data = data_dir();
    // With more connections the program logs a warning where the system limits it to 1,024 open files.
    let settings =
        [("REPERES_DATA_DIR", text(&data)), ("REPERES_ADMIN_ADDRESS", "127.0.0.1:0"), ("REPERES_MAX_CONNECTIONS", "500")];
    let mut program = Program::start(&settings);
    let line = program.line("serving metrics on");
    let admin = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok()).expect("an address");
    let address = program.address();
    assert_eq!(get(admin, "/health/ready").status, 200, "once the program says that it is ready");
    assert_eq!(get(address, ROW).status, 200);
    let count = "reperes_http_request_duration_seconds_count{route=\"/v1/territories/{code}\",method=\"GET\",status=\"200\"}";
    assert_eq!(samples(admin)[count], 1.0);
    program.signal(Signal::TERM);
    let (code, log) = program.end();
    assert_eq!(code, Some(0));
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
}
