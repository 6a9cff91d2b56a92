//! The table of the latest figures agrees with the observations at every release.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{command, folder, publish_bytes, with_references};
use crate::harness::{EVENT_TIMEOUT, TestServer, get, owner, publish, with_database};

const COLUMNS: &str =
    "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n";

/// The migration that creates the table, and the one that drops it.
const MAKE: &str = include_str!("../../../migrations/2026-12-01-000013_latest_observations/up.sql");
const TAKE: &str = include_str!("../../../migrations/2026-12-01-000013_latest_observations/down.sql");

/// The latest figures at each release, from the second on.
const LATEST: [&[&str]; 6] = [
    &["COM-2A004 2021 6", "DEP-01 2020 2", "DEP-02 2020-01-01/2020-12-31 4"],
    &["COM-2A004 2021 6", "DEP-01 2020 2.5", "DEP-02 2020-01-01/2020-12-31 4", "DEP-2A 2021 7"],
    &["DEP-01 2019 1", "DEP-02 2020-01-01/2020-12-31 4", "DEP-2A 2021 7"],
    &["DEP-01 2019 1", "DEP-02 2020-01-01/2020-12-31 4"],
    &["DEP-01 2019 1", "DEP-02 2020-01-01/2020-12-31 4"],
    &["COM-2A004 2021 8", "DEP-01 2019 1", "DEP-02 2020-01-01/2020-12-31 4"],
];

/// Publishes figures: territory, period, value.
fn figures(url: &str, rows: &[(&str, &str, &str)]) {
    let line = |(territory, period, value): &(&str, &str, &str)| {
        let status = if value.is_empty() { "Q" } else { "A" };
        format!("taux,{territory},{period},_T,observed,{value},exact,{status},2026,essai\n")
    };
    let text = COLUMNS.to_owned() + &rows.iter().map(line).collect::<String>();
    publish_bytes(url, "observations", text.as_bytes()).expect("the rows are right");
}

/// Six releases. 1: series begin. 2: one figure is corrected, one series gets an earlier figure, one series begins. 3: two
/// series lose their last figure. 4: one gets an empty figure and a figure of another becomes empty. 5: no figure changes.
/// 6: a series whose only figure was withdrawn gets a figure again.
fn published() -> TestServer {
    let server = TestServer::on(&with_references());
    let url = &server.url;
    let begun = [("DEP-01", "2019", "1"), ("DEP-01", "2020", "2"), ("DEP-02", "2019", "3"), ("COM-2A004", "2021", "6")];
    // The same days written in two ways are two periods; the one whose name sorts last is the latest.
    let same_days = [("DEP-02", "2020-01-01/2020-12-31", "4"), ("DEP-02", "2020", "5"), ("DEP-2A", "2020", "")];
    figures(url, &[&begun[..], &same_days[..]].concat());
    figures(url, &[("DEP-01", "2020", "2.5"), ("DEP-02", "2018", "1"), ("DEP-2A", "2021", "7")]);
    let withdrawn = "[[withdraw]]\ndataset = \"observations\"\nreason = \"Essai\"\n\
        codes = [\"taux~DEP-01~2020~_T~observed~essai\", \"taux~COM-2A004~2021~_T~observed~essai\"]\n";
    publish(url, &folder(withdrawn, &[])).expect("the rows are there");
    figures(url, &[("DEP-01", "2021", ""), ("DEP-2A", "2021", "")]);
    let place = "code,kind,name,geography_year,source_code\nCOM-1,commune,Ici,2026,essai\n";
    publish_bytes(url, "territories", place.as_bytes()).expect("the row is right");
    figures(url, &[("COM-2A004", "2021", "8")]);
    server
}

fn rows(server: &TestServer, query: &str) -> Vec<Value> {
    get(server.address, &format!("/v1/observations?last=1&{query}")).data().as_array().expect("a list").clone()
}

/// Whether `verify` reports a fault that contains this text.
fn faulted(url: &str, what: &str) -> bool {
    let (_, out, err) = command(url, &["verify"]);
    assert!(out.contains(" listed\n"), "the places of these tests lie in no country, which is always found: {out}{err}");
    out.contains(what)
}

fn kept(url: &str) -> Vec<String> {
    with_database(url, async |client| {
        let rows = client.query("SELECT t::text FROM latest_observations t ORDER BY 1", &[]).await.expect("the rows");
        rows.iter().map(|row| row.get(0)).collect()
    })
}

#[test]
fn the_latest_figures_agree_with_the_observations_at_every_release() {
    let server = published();
    for (number, expected) in (2..).zip(LATEST) {
        let found = rows(&server, &format!("release={number}"));
        let line = |row: &Value| {
            format!(
                "{} {} {}",
                row["territory_code"].as_str().expect("a code"),
                row["period"].as_str().expect("a period"),
                row["value"]
            )
        };
        assert_eq!(found.iter().map(line).collect::<Vec<_>>(), expected, "release {number}");
        // A filter on dates reads all observations instead of the table of the latest figures.
        assert_eq!(found, rows(&server, &format!("release={number}&period_start__gte=1000-01-01")), "release {number}");
    }
    assert_eq!(rows(&server, "release=1"), [Value::Null; 0]);
    let before = rows(&server, "territory_code=DEP-02&period__lt=2020");
    assert_eq!(before[0]["period"], "2019", "of the figures that a filter leaves the latest is another");
    assert!(!faulted(&server.url, "derived: "));
}

#[test]
fn latest_observations_are_verified_and_rebuilt_from_the_observations() {
    let server = published();
    let owner = owner(&server.url);
    let before = kept(&server.url);
    assert_eq!(before.len(), 7, "{before:?}");
    let run = |statements: String| with_database(&owner, async |client| client.batch_execute(&statements).await.expect("it may"));
    let damages = [
        ("UPDATE latest_observations SET value = 9 WHERE territory_code = 'DEP-02'", "is no copy of an observation"),
        ("UPDATE latest_observations SET last_release = 5 WHERE territory_code = 'DEP-2A'", "is no copy of an observation"),
        (
            "UPDATE latest_observations SET period = '2019', period_start = '2019-01-01', period_end = '2019-12-31', value = 3 WHERE territory_code = 'DEP-02'",
            "-12-31 is later",
        ),
        (
            "DELETE FROM latest_observations WHERE territory_code = 'DEP-02'",
            "has latest rows for the releases , and observations in {[2,8)}",
        ),
        (
            "UPDATE latest_observations SET last_release = 6 WHERE territory_code = 'DEP-02'",
            "has latest rows for the releases {[2,7)}, and observations in {[2,8)}",
        ),
        (
            "INSERT INTO latest_observations SELECT (jsonb_populate_record(t, '{\"first_release\": 3}')).* FROM latest_observations t WHERE territory_code = 'DEP-02'",
            "has latest rows for the releases {[2,8)}",
        ),
    ];
    for (statement, detail) in damages {
        let (off, on) =
            ("ALTER TABLE latest_observations DISABLE TRIGGER USER", "ALTER TABLE latest_observations ENABLE TRIGGER USER");
        run(format!("{off}; {statement}; {on}"));
        assert!(faulted(&server.url, detail), "{statement}");
        run(format!(
            "BEGIN; {TAKE} {MAKE} GRANT SELECT, INSERT, UPDATE (last_release) ON latest_observations TO reperes_service; COMMIT"
        ));
        assert_eq!(kept(&server.url), before, "{statement}");
    }
    assert!(!faulted(&server.url, "derived: "));
    figures(&server.url, &[("DEP-02", "2021", "10")]);
    assert_eq!(rows(&server, "territory_code=DEP-02")[0]["value"], 10);
}

/// The rows that Postgres read from the two tables of figures so far, as far as sessions that have ended reported them.
fn rows_read(url: &str) -> i64 {
    let query = "SELECT sum(seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_user_tables \
        WHERE relname IN ('observations', 'latest_observations')";
    with_database(url, async |client| client.query_one(query, &[]).await.expect("the statistics").get(0))
}

/// The rows of figures that a publication reads.
fn reads_of(url: &str, publication: impl FnOnce()) -> i64 {
    let before = rows_read(url);
    publication();
    let end = Instant::now() + EVENT_TIMEOUT;
    // A session reports what it read when it ends.
    let (mut last, mut now) = (before, rows_read(url));
    while now == before || now != last {
        assert!(Instant::now() < end, "the statistics of the publication do not come");
        std::thread::sleep(Duration::from_millis(500));
        (last, now) = (now, rows_read(url));
    }
    now - before
}

#[test]
fn changing_the_breakdowns_of_one_territory_reads_each_row_a_few_times() {
    let url = with_references();
    let number = 3000;
    let all = |line: &dyn Fn(i64) -> String| (0..number).map(line).collect::<String>();
    let codes = all(&|at| format!("age.n{at},n{at},essai\n"));
    publish_bytes(&url, "breakdowns", format!("code,title,source_code\n{codes}").as_bytes()).expect("the rows are right");
    let figures = |value: &str| {
        let text = all(&|at| format!("taux,DEP-01,2019,age.n{at},observed,{value},exact,A,2026,essai\n"));
        publish_bytes(&url, "observations", (COLUMNS.to_owned() + &text).as_bytes()).expect("the rows are right");
    };
    let withdrawn = all(&|at| format!("\"taux~DEP-01~2019~age.n{at}~observed~essai\","));
    let manifest = format!("[[withdraw]]\ndataset = \"observations\"\nreason = \"Essai\"\ncodes = [{withdrawn}]\n");
    let withdraw = || _ = publish(&url, &folder(&manifest, &[])).expect("the rows are there");
    let counted = [
        ("added", reads_of(&url, || figures("1"))),
        ("corrected", reads_of(&url, || figures("2"))),
        ("withdrawn", reads_of(&url, withdraw)),
    ];
    // If each of N series of a territory were searched alone, each would read all N.
    for (what, rows) in counted {
        assert!(rows / number < 60, "{rows} rows were read for {number} figures {what}");
    }
    assert!(!faulted(&url, "derived: "));
}
