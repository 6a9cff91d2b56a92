//! The latest figure of each series at every release, and what changing many series of one territory reads.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{folder, publish_bytes, with_references};
use crate::harness::{EVENT_TIMEOUT, TestServer, get, publish, with_database};

const COLUMNS: &str =
    "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n";

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
        // A filter on dates reads all figures, and not the latest of each series.
        assert_eq!(found, rows(&server, &format!("release={number}&period_start__gte=1000-01-01")), "release {number}");
    }
    assert_eq!(rows(&server, "release=1"), [Value::Null; 0]);
    let before = rows(&server, "territory_code=DEP-02&period__lt=2020");
    assert_eq!(before[0]["period"], "2019", "of the figures that a filter leaves the latest is another");
}

/// The rows that Postgres read from the two tables of figures so far, as far as sessions that have ended reported them.
fn rows_read(url: &str) -> i64 {
    let query = "SELECT sum(seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_user_tables \
        WHERE relname IN ('series', 'figures')";
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
}
