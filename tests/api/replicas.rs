//! Reads from a streaming standby have the same responses as reads from the primary.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use reperes::app::Shared;
use reperes::db::connection::pool::Limits;
use serde_json::{Value, json};

use crate::harness::{
    Form, Pair, Postgres, Program, SOURCES, SetOnDrop, TestServer, bundle, get, key, migrated, publish, replicated, territories,
    until,
};

/// The time that a request may spend on the databases in these tests.
const WAIT: Duration = Duration::from_secs(6);

/// The CSV of communes whose population is the number of the release.
pub(super) fn communes(release: i32) -> String {
    let number = release.to_string();
    let rows: Vec<String> = (0..30).map(|n| format!("COM-{n:05}")).collect();
    territories(&rows.iter().map(|code| (code.as_str(), "Commune", number.as_str())).collect::<Vec<_>>())
}

pub(super) fn release(url: &str, number: i32) {
    let files = [("sources", SOURCES), ("territories", &communes(number))];
    publish(url, &bundle(&files)).expect("the bundle is right");
}

/// A primary with one release, its standby, and a server that reads from both.
pub(super) fn pair() -> (Pair, TestServer) {
    let pair = Pair::start();
    release(&pair.primary.service, 1);
    let server = server(&pair.primary.service, &pair.standby.service);
    (pair, server)
}

fn server(primary: &str, replica: &str) -> TestServer {
    let shared = replicated(primary, &[replica]);
    let limits = Limits { wait: WAIT, ..shared.limits };
    TestServer::with(primary, Shared { limits, ..shared })
}

/// The address of a page of all communes that no request has used before, so that its response is not cached.
pub(super) fn uncached(query: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("/v1/territories?limit=100&population__lt={}{query}", 1000 + NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Waits until a standby serves reads, as `pg_stat_activity` shows the last statement of each connection.
pub(super) fn wait_until_serving(standby: &Postgres, server: &TestServer, number: i32) {
    until("the standby is read from", || {
        check_release(server.address, &uncached(""), number);
        let asked = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'reperes_service' AND query LIKE '%\"territories\" t WHERE%' \
                     AND query_start > now() - interval '1 second'";
        standby.number(asked) > 0
    });
}

/// Checks that a response is complete and that all its rows are of the release with this number.
pub(super) fn check_release(address: SocketAddr, target: &str, number: i32) {
    let reply = get(address, target);
    let data = reply.data();
    let populations: Vec<&Value> = data.as_array().expect("a list").iter().map(|row| &row["population"]).collect();
    assert_eq!(reply.json()["meta"]["release"], number, "{target}");
    assert_eq!(populations, vec![&json!(number); 30], "{target}");
}

/// Checks every way of reading rows at a release, each with an address whose response is not cached.
pub(super) fn read_every_way(address: SocketAddr, number: i32) {
    let at = format!("&release={number}");
    check_release(address, &uncached(&at), number);
    let rows = get(address, &format!("{}&format=ndjson", uncached(&at).replace("limit=100&", "")));
    assert_eq!((rows.status, rows.whole, rows.text().matches(&format!("\"population\":{number},")).count()), (200, true, 30));
    let item = format!("/v1/territories/COM-00007?fields=population&release={number}");
    assert_eq!(get(address, &item).data(), json!({ "population": number }));
    let counted = get(address, &format!("{}&total=exact", uncached(&at))).json();
    assert_eq!((&counted["meta"]["release"], &counted["meta"]["total"]["value"]), (&json!(number), &json!(30)));
    let history = get(address, &format!("/v1/territories/COM-00007/history?release={number}")).data();
    assert_eq!(history.as_array().map(Vec::len), usize::try_from(number).ok());
    let changes = format!("/v1/changes?since={}&until={number}&dataset=territories&limit=500", number - 1);
    assert_eq!(get(address, &changes).data().as_array().map(Vec::len), Some(30));
    let streamed = get(address, &changes.replace("limit=500", "format=ndjson"));
    assert_eq!((streamed.whole, streamed.text().lines().count()), (true, 30));
    let file = get(address, &format!("/v1/files/{number}/territories.csv"));
    assert_eq!((file.status, file.text().lines().count()), (200, 31));
}

/// Has another server build the file that [`read_every_way`] reads, and waits until the standby has the record of its digest.
pub(super) fn record_file(pair: &Pair) {
    let other = TestServer::on(&pair.primary.service);
    assert_eq!(get(other.address, "/v1/files/1/territories.csv").status, 200);
    let recorded = "SELECT count(*) FROM release_files WHERE release = 1 AND file = 'territories.csv'";
    until("the standby has the record", || pair.standby.number(recorded) == 1);
}

#[test]
fn reads_use_the_standby_and_continue_while_the_primary_is_suspended() {
    let (pair, server) = pair();
    wait_until_serving(&pair.standby, &server, 1);
    record_file(&pair);
    pair.primary.freeze();
    for _ in 0..20 {
        check_release(server.address, &uncached(""), 1);
    }
    read_every_way(server.address, 1);
    // Only the primary knows that no server has recorded this file.
    get(server.address, "/v1/files/1/territories.ndjson").problem(503);
    assert_eq!(get(server.address, "/health/ready").json()["release"], 1);
    get(server.address, "/v1/territories?release=7").problem(503);
    pair.primary.thaw();
    until("the primary is asked again", || get(server.address, "/v1/territories?release=7").status == 400);
}

#[test]
fn a_release_that_the_standby_has_not_replayed_is_read_from_the_primary() {
    let (pair, server) = pair();
    wait_until_serving(&pair.standby, &server, 1);
    pair.standby.pause(true);
    for number in 2..=3 {
        release(&pair.primary.service, number);
        check_release(server.address, &uncached(""), number);
        (1..=number).for_each(|at| read_every_way(server.address, at));
    }
    let (later, never) = ("/v1/territories/COM-00099?release=1", "/v1/territories/COM-00099/ancestors?release=1");
    let added = communes(4) + "COM-00099,commune,Nouvelle,,2026,essai\n";
    publish(&pair.primary.service, &bundle(&[("territories", &added)])).expect("the bundle is right");
    for target in [later, never] {
        let problem = get(server.address, target).problem(404);
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("from release 4 on")), "{problem}");
    }
    pair.primary.freeze();
    check_release(server.address, &uncached("&release=1"), 1);
    get(server.address, &uncached("")).problem(503);
    pair.primary.thaw();
    pair.standby.pause(false);
    release(&pair.primary.service, 5);
    wait_until_serving(&pair.standby, &server, 5);
    pair.primary.freeze();
    check_release(server.address, &uncached(""), 5);
    (1..=3).for_each(|at| check_release(server.address, &uncached(&format!("&release={at}")), at));
}

#[test]
fn a_replica_url_of_another_database_is_not_used() {
    let (ours, other) = (migrated(), migrated());
    release(&ours, 1);
    for number in [101, 102, 103] {
        release(&other, number);
    }
    let server = server(&ours, &other);
    let deadline = Instant::now() + Duration::from_secs(3);
    while Instant::now() < deadline {
        check_release(server.address, &uncached(""), 1);
    }
    read_every_way(server.address, 1);
}

#[test]
fn a_replica_url_of_several_servers_always_reads_the_requested_release() {
    let (pair, _) = pair();
    pair.standby.pause(true);
    let (host, rest) = pair.primary.service.split_once(":5432/").expect("the URL names a port");
    let other = pair.standby.service.split_once('@').and_then(|(_, rest)| rest.split_once(":5432/")).expect("a host").0;
    let both = format!("{host}:5432,{other}:5432/{rest}?load_balance_hosts=random");
    let servers: Vec<TestServer> = (0..8).map(|_| server(&pair.primary.service, &both)).collect();
    for number in 2..=4 {
        release(&pair.primary.service, number);
        for server in &servers {
            (0..8).for_each(|_| check_release(server.address, &uncached(""), number));
        }
    }
}

#[test]
fn eight_readers_see_one_release_at_a_time_while_the_standby_lags() {
    const RELEASES: i32 = 11;
    let (pair, server) = pair();
    let ended = AtomicBool::new(false);
    let read = || {
        let mut passes = Vec::new();
        while !ended.load(Ordering::Relaxed) || passes.is_empty() {
            let (mut next, mut seen, mut release) = (Some(uncached("").replace("limit=100", "limit=7")), Vec::new(), Value::Null);
            while let Some(target) = next {
                let page = get(server.address, &target).json();
                release = page["meta"]["release"].clone();
                seen.extend(page["data"].as_array().expect("a list").iter().map(|row| row["population"].clone()));
                next = page["links"]["next"].as_str().map(str::to_owned);
            }
            assert_eq!(seen, vec![release.clone(); 30]);
            let at = release.as_i64().and_then(|release| i32::try_from(release).ok()).expect("a number");
            check_release(server.address, &uncached(&format!("&release={}", 1 + at / 2)), 1 + at / 2);
            passes.push(at);
        }
        passes
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..8).map(|_| scope.spawn(read)).collect();
        let _ending = SetOnDrop(&ended);
        for number in 2..=RELEASES {
            // The lag of the standby is not in step with the publications.
            pair.standby.pause([2, 3, 5, 7, 11].contains(&number));
            release(&pair.primary.service, number);
            std::thread::sleep(Duration::from_millis(u64::from(number.unsigned_abs()) * 37 % 250));
        }
        pair.standby.pause(false);
        ended.store(true, Ordering::Relaxed);
        for reader in readers {
            let passes = reader.join().expect("a reader saw one release at a time");
            assert!(passes.is_sorted(), "a reader went back in time: {passes:?}");
        }
    });
    wait_until_serving(&pair.standby, &server, RELEASES);
}

#[test]
fn a_release_of_one_process_is_served_by_another_with_the_same_bytes() {
    let pair = Pair::start();
    release(&pair.primary.service, 1);
    let settings = [
        ("DATABASE_URL", pair.primary.service.as_str()),
        ("DATABASE_OWNER_URL", pair.primary.owner.as_str()),
        ("DATABASE_REPLICA_URLS", pair.standby.service.as_str()),
    ];
    let mut programs = [Program::start(&settings), Program::start(&settings)];
    let [one, other] = [programs[0].address(), programs[1].address()];
    programs.iter_mut().for_each(|program| program.once("serving reads up to release"));
    let token = key(&pair.primary.service, "essai", &["publish:*:*"], 1);
    let made = Form::of(&bundle(&[("sources", SOURCES), ("territories", &communes(2))])).key(&token).send(one);
    assert_eq!(made.status, 201, "{}", made.text());
    let target = uncached("");
    check_release(one, &target, 2);
    until("the other knows", || get(other, &uncached("")).json()["meta"]["release"] == 2);
    let answers = [one, other].map(|address| get(address, &target));
    assert!(answers[0].body == answers[1].body && answers[0].header("etag") == answers[1].header("etag"));
    check_release(other, &target, 2);
}
