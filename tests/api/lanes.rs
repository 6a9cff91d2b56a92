//! Lanes of reads: heavy reads of one client leave light reads and other clients their place, are charged to its budget, and
//! are cancelled in the database when they are given up.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use reperes::app::Shared;
use reperes::datasets::REGISTRY;
use reperes::db::HeavyReads;
use reperes::db::connection::pool::Limits;
use reperes::http::Bounds;
use reperes::http::middleware::rate_limit::Quota;
use reperes::query::{Context, HeavyKind, ReadCost, Representation, RowOrigin, parse};

use crate::harness::{Reply, TestServer, cluster_log, get, migrated, owner, publish, raw, shared, until, with_database};

/// A heavy read of a table that the tests lock, and reads of another.
const LOCKED: &str = "/v1/indicators?total=exact";
const HEAVY: &str = "/v1/territories?total=exact";
const LIGHT: &str = "/v1/territories/COM-59350";

/// A server behind a proxy on this machine, with two places for heavy reads.
fn server(wait: Duration, database_time: u32) -> (TestServer, HeavyReads) {
    let url = migrated();
    publish(&url, Path::new("tests/fixtures/bundles/01-small")).expect("the bundle is right");
    let base = shared(&url);
    let limits = Limits { wait, heavy: 2, heavy_each: 1, ..base.limits };
    let heavy = HeavyReads::new(base.database.clone(), &base.replicas, limits, &base.exports.handle());
    let database_time = Quota { name: "database-time", requests: database_time, window: Duration::from_secs(80_000) };
    let proxies = vec!["127.0.0.1/32".parse().expect("a network")];
    let shared = Shared { limits, heavy: heavy.clone(), ..base };
    (TestServer::with(&url, shared.within(Bounds { database_time, proxies, ..Bounds::default() })), heavy)
}

fn request(client: u8, target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX-Forwarded-For: 192.0.2.{client}\r\n\r\n")
}

fn ask(address: SocketAddr, client: u8, target: &str) -> Reply {
    raw(address, request(client, target).as_bytes())
}

/// Runs a part of a test while a table cannot be read.
fn locked<T>(url: &str, test: impl FnOnce() -> T) -> T {
    let ((taken, is_taken), (free, is_free)) = (mpsc::channel(), mpsc::channel::<()>());
    let url = owner(url);
    let lock = thread::spawn(move || {
        with_database(&url, async |client| {
            let locked = client.transaction().await.expect("a transaction");
            locked.batch_execute("LOCK TABLE indicators").await.expect("the table is locked");
            taken.send(()).expect("the test waits");
            _ = is_free.recv();
            locked.rollback().await.expect("the table is free");
        });
    });
    is_taken.recv().expect("the table is locked");
    let outcome = test();
    drop(free);
    lock.join().expect("the table is free");
    outcome
}

/// The statements that wait for a lock.
fn waiting(url: &str) -> i64 {
    with_database(&owner(url), async |client| {
        let query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        client.query_one(query, &[]).await.expect("the activity").get(0)
    })
}

#[test]
fn a_client_with_heavy_reads_leaves_light_reads_and_other_clients_their_place() {
    let (TestServer { address, url }, heavy) = server(Duration::from_secs(20), 0);
    let (first, second) = locked(&url, || {
        let first = thread::spawn(move || ask(address, 1, LOCKED));
        until("the first heavy read runs", || heavy.load() == (1, 0));
        let second = thread::spawn(move || ask(address, 1, HEAVY));
        until("the second one of the same client waits", || heavy.load() == (1, 1));
        assert_eq!(ask(address, 1, LIGHT).status, 200);
        assert_eq!(ask(address, 2, LIGHT).status, 200);
        assert_eq!(ask(address, 2, "/v1/territories?total=exact&limit=3").status, 200);
        until("the place of the other client is free", || heavy.load() == (1, 1));
        (first, second)
    });
    for read in [first, second] {
        assert_eq!(read.join().expect("an answer").status, 200);
    }
    until("the places are free", || heavy.load() == (0, 0));
}

#[test]
fn a_heavy_read_that_is_given_up_is_cancelled_in_the_database() {
    let (TestServer { address, url }, heavy) = server(Duration::from_secs(2), 0);
    locked(&url, || {
        let late = ask(address, 1, LOCKED);
        assert_eq!(late.problem(503)["type"], "/problems/unavailable");
        until("the late statement is cancelled", || waiting(&url) == 0);
        until("its place is free", || heavy.load() == (0, 0));
        let mut gone = TcpStream::connect(address).expect("the server takes connections");
        gone.write_all(request(1, "/v1/indicators?total=exact&limit=2").as_bytes()).expect("the request is sent");
        until("the statement runs", || waiting(&url) > 0);
        drop(gone);
        until("the statement of a client that has gone is cancelled", || waiting(&url) == 0);
        until("its place is free", || heavy.load() == (0, 0));
    });
    assert_eq!(ask(address, 1, "/v1/indicators?total=exact&limit=3").status, 200);
}

#[test]
fn a_heavy_read_whose_connection_is_ended_is_read_again_over_another() {
    let (TestServer { address, url }, heavy) = server(Duration::from_secs(20), 0);
    assert_eq!(ask(address, 1, HEAVY).status, 200, "its connection is idle now");
    let end =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let read = locked(&url, || {
        let read = thread::spawn(move || ask(address, 1, LOCKED));
        until("the statement waits for the table", || waiting(&url) == 1 && heavy.load() == (1, 0));
        with_database(&owner(&url), async |client| client.batch_execute(end).await.expect("the owner may do it"));
        until("the statement is sent again", || waiting(&url) == 1);
        read
    });
    assert_eq!(read.join().expect("an answer").status, 200);
}

#[test]
fn what_cannot_get_a_place_in_time_is_refused_with_the_time_to_wait() {
    let (TestServer { address, url }, heavy) = server(Duration::from_secs(3), 0);
    locked(&url, || {
        // A read that has run out of time tells how long those of its kind take.
        assert_eq!(ask(address, 1, LOCKED).status, 503);
        until("its place is free", || heavy.load() == (0, 0));
        let first = thread::spawn(move || ask(address, 1, LOCKED));
        until("the next heavy read runs", || heavy.load() == (1, 0));
        let refused = ask(address, 1, "/v1/indicators?total=exact&limit=7");
        assert_eq!(refused.status, 503, "{}", refused.text());
        let wait: u64 = refused.header("retry-after").and_then(|wait| wait.parse().ok()).expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        refused.problem(503);
        assert_eq!(first.join().expect("an answer").status, 503);
    });
}

#[test]
fn a_light_read_that_takes_long_moves_to_the_heavy_lane() {
    let (TestServer { address, url }, heavy) = server(Duration::from_secs(20), 0);
    let read = locked(&url, || {
        let read = thread::spawn(move || ask(address, 1, "/v1/indicators?limit=1"));
        until("the read has moved", || heavy.load() == (1, 0));
        assert_eq!(ask(address, 1, LIGHT).status, 200);
        read
    });
    assert_eq!(read.join().expect("an answer").status, 200);
}

#[test]
fn the_time_of_heavy_reads_is_charged_to_the_budget_of_their_client() {
    let (TestServer { address, .. }, _) = server(Duration::from_secs(20), 1);
    let first = ask(address, 1, HEAVY);
    let policies = first.headers.iter().filter(|(name, _)| name == "ratelimit-policy");
    let policies: Vec<&str> = policies.map(|(_, value)| value.as_str()).collect();
    assert_eq!((first.status, policies), (200, vec!["\"requests\";q=60000;w=60", "\"database-time\";q=1;w=80000"]));
    let refused = ask(address, 1, "/v1/territories?total=exact&limit=3");
    assert_eq!(refused.problem(429)["type"], "/problems/too-many-requests");
    let wait: u64 = refused.header("retry-after").and_then(|wait| wait.parse().ok()).expect("seconds");
    assert!(wait > 1, "{wait}");
    assert_eq!(ask(address, 1, LIGHT).status, 200, "light reads go on");
    assert_eq!(ask(address, 1, HEAVY).status, 200, "as do answers in memory");
    assert_eq!(ask(address, 2, "/v1/territories?total=exact&limit=4").status, 200, "another client has its own budget");
    let unnamed = get(address, "/v1/territories?total=exact&limit=5");
    assert_eq!(unnamed.status, 200, "clients whom the proxy does not name have one budget together");
}

#[test]
fn the_closest_of_unknown_codes_are_searched_for_the_first_five_only() {
    let (TestServer { url, .. }, _) = server(Duration::from_secs(20), 0);
    let TestServer { address, .. } = TestServer::on(&format!("{}?options=-c%20log_statement%3Dall", owner(&url)));
    let codes: Vec<String> = (100..600).map(|number| format!("COM-many{number}")).collect();
    for (path, parameter) in [("changes", "within"), ("changes", "covers"), ("territories", "code"), ("events", "territory_code")]
    {
        let start = fs::metadata(cluster_log()).expect("there is a log").len();
        let refused = get(address, &format!("/v1/{path}?{parameter}={}", codes.join(",")));
        assert_eq!(refused.problem(400)["error_count"], 500, "{path}?{parameter}");
        let log = fs::read(cluster_log()).expect("the log can be read");
        let log = String::from_utf8_lossy(&log[usize::try_from(start).expect("a size")..]).into_owned();
        // The parameters of a statement about one code; a list of codes is in braces.
        let searched = log.lines().filter(|line| line.contains("= 'COM-many")).count();
        assert_eq!(searched, 5, "{path}?{parameter}");
    }
}

/// The class of a list.
fn cost(target: &str) -> ReadCost {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (aggregated, name) = path.strip_prefix("aggregates/").map_or((false, path), |name| (true, name));
    let dataset = REGISTRY.iter().find(|dataset| dataset.name == name).expect("a dataset");
    let context = Context { aggregated, ..Context::of(REGISTRY, dataset) };
    let given: Vec<(String, String)> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    parse::collection(context, None, &given, Representation::Json).unwrap_or_else(|faults| panic!("{target}: {faults:?}")).cost()
}

#[test]
fn the_class_of_a_read_is_known_from_its_request() {
    for light in [
        "territories",
        "territories?kind=commune&limit=20",
        "territories?lon=3.05&lat=50.63",
        "territories?within=DEP-62&kind=commune",
        "territories?code=DEP-59&facets=kind&total=exact",
        "observations?indicator_code=a&territory_code=REG-32&total=exact",
        "observations?indicator_code=a&territory_code__startswith=DEP-&last=1",
        "observations?indicator_code=a&within=REG-32&last=1",
        "observations?territory_code=REG-32",
    ] {
        assert_eq!(cost(light), ReadCost::Light, "{light}");
    }
    for (heavy, kind) in [
        ("aggregates/observations?by=period&function=sum", HeavyKind::Aggregate),
        ("observations?compare=region", HeavyKind::Comparison),
        ("observations?facets=nature", HeavyKind::Facets),
        ("observations?total=exact", HeavyKind::Total),
        ("observations?total=bounded", HeavyKind::Total),
        ("territories?geography=2012-01-01", HeavyKind::Geography),
        ("territories?bbox=1,49,5,52", HeavyKind::Area),
        ("territories?q=lille", HeavyKind::Search),
        ("observations?vintages=all", HeavyKind::Versions),
        ("observations?last=2", HeavyKind::Series),
        ("observations?within=REG-32", HeavyKind::Gathered),
        ("observations?commitment_code=a", HeavyKind::Gathered),
        ("observations?nature=observed", HeavyKind::Unindexed),
        ("observations?indicator_code__ne=a", HeavyKind::Unindexed),
        ("territories?name__contains=lille", HeavyKind::Unindexed),
        ("observations?sort=value", HeavyKind::Unindexed),
        ("observations?indicator_code=a&sort=value", HeavyKind::Unindexed),
    ] {
        assert_eq!(cost(heavy), ReadCost::Heavy(kind), "{heavy}");
    }
    let many: Vec<String> = (0..51).map(|number| format!("COM-{number}")).collect();
    assert_eq!(cost(&format!("territories?code={}", many[1..].join(","))), ReadCost::Light);
    assert_eq!(cost(&format!("territories?code={}", many.join(","))), ReadCost::Heavy(HeavyKind::Gathered));
}

#[test]
fn every_field_that_makes_a_read_light_begins_an_index() {
    let first = with_database(&migrated(), async |client| {
        let query = "SELECT t.relname::text, pg_get_indexdef(i.indexrelid, 1, true) FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid";
        let rows = client.query(query, &[]).await.expect("the catalogue");
        rows.iter().map(|row| (row.get(0), row.get(1))).collect::<Vec<(String, String)>>()
    });
    let mut checked = 0;
    for dataset in REGISTRY.iter().filter(|dataset| matches!(dataset.rows, RowOrigin::Published)) {
        for field in dataset.key.iter().take(1).chain(dataset.indexes) {
            let begins = |text: &str| text == *field || text == format!("fold({field})");
            let found = first.iter().any(|(table, text)| dataset.tables().any(|own| own == table) && begins(text));
            assert!(found, "{}.{field}", dataset.name);
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked}");
}
