//! What aggregates cost: one of too many rows is refused at once with what would be allowed, and no rows are sorted on disk.

use std::fs;

use reperes::http::Bounds;
use serde_json::{Value, json};

use crate::harness::{Reply, SOURCES, TestServer, bundle, cluster_log, get, owner, publish, shared, territories, with_database};

const INDICATOR: &str = "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\n\
                         i,I,I,personne,0,sum,sum,none,essai\n";

/// A server with a figure of `i` for each of some territories and years.
fn published(places: usize, years: usize) -> TestServer {
    let server = TestServer::empty();
    let codes: Vec<String> = (1..=places).map(|place| format!("COM-{place:05}")).collect();
    let rows: Vec<(&str, &str, &str)> = codes.iter().map(|code| (code.as_str(), "Ici", "1")).collect();
    let header =
        "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n";
    let lines = codes.iter().enumerate().flat_map(|(at, code)| {
        (0..years).map(move |year| format!("i,{code},{},_T,observed,{},exact,A,2026,essai\n", 1900 + year, at + year))
    });
    let figures = format!("{header}{}", lines.collect::<String>());
    let files =
        [("sources", SOURCES), ("territories", &territories(&rows)), ("indicators", INDICATOR), ("observations", &figures)];
    publish(&server.url, &bundle(&files)).expect("the bundle is right");
    with_database(&owner(&server.url), async |client| client.batch_execute("ANALYZE series, figures").await.expect("it can"));
    server
}

fn sums(reply: &Reply) -> Vec<Value> {
    let data = reply.data();
    data.as_array().expect("a list").iter().map(|row| json!([row["period"], row["sum"], row["expected"]])).collect()
}

#[test]
fn an_aggregate_of_too_many_rows_is_refused_with_what_would_be_allowed() {
    let published = published(3, 4);
    let within = |aggregate_rows| {
        TestServer::with(&published.url, shared(&published.url).within(Bounds { aggregate_rows, ..Bounds::default() }))
    };
    let server = within(11);
    let all = "/v1/aggregates/observations?by=period&function=sum";
    let problem = get(server.address, all).problem(400);
    assert_eq!(
        problem["errors"],
        json!([{
            "location": "query",
            "name": "indicator_code",
            "reason": "too_many_rows",
            "detail": "This aggregate would read about 12 rows; one may read 11. Filter by `indicator_code`, `territory_code`, \
                       `source_code`, `within`, or take the rows themselves with `format=csv`.",
            "allowed": ["indicator_code", "territory_code", "source_code", "within"],
        }])
    );
    let narrow = format!("{all}&territory_code=COM-00001,COM-00003");
    assert_eq!(
        sums(&get(server.address, &narrow)),
        [json!(["1900", 2, 2]), json!(["1901", 4, 2]), json!(["1902", 6, 2]), json!(["1903", 8, 2])]
    );
    assert_eq!(sums(&get(server.address, &format!("{all}&last=1"))), [json!(["1903", 12, 3])], "one row of each series is read");
    get(server.address, &format!("{all}&indicator_code=i")).problem(400);
    assert_eq!(sums(&get(within(12).address, all))[0], json!(["1900", 3, 3]), "as many as allowed are read");
    let none = get(server.address, &format!("{all}&indicator_code=nul")).problem(400);
    assert_eq!(none["errors"][0]["reason"], "unknown_code");
}

#[test]
fn no_aggregate_sorts_its_rows_on_disk() {
    let published = published(200, 100);
    let options = [
        "session_preload_libraries=auto_explain",
        "auto_explain.log_min_duration=0",
        "auto_explain.log_analyze=on",
        "work_mem=64kB",
    ];
    let options: Vec<String> = options.iter().map(|option| format!("-c%20{}", option.replace('=', "%3D"))).collect();
    let server = TestServer::on(&format!("{}?options={}", owner(&published.url), options.join("%20")));
    for query in [
        "by=indicator_code",
        "by=period&function=sum,mean,min,max,count",
        "by=indicator_code,period&function=sum&indicator_code=i",
        "by=nature&function=count&period=1950,1951",
        "function=min,max",
    ] {
        let start = fs::metadata(cluster_log()).expect("there is a log").len();
        let target = format!("/v1/aggregates/observations?{query}");
        assert_eq!(get(server.address, &target).status, 200, "{target}");
        let log = fs::read(cluster_log()).expect("the log can be read");
        let log = String::from_utf8_lossy(&log[usize::try_from(start).expect("a size")..]).into_owned();
        assert!(log.contains("selected AS NOT MATERIALIZED"), "{target}: no plan was logged");
        let sorted: Vec<&str> = log.lines().filter(|line| line.contains("Sort Method: external")).collect();
        assert_eq!(sorted, Vec::<&str>::new(), "{target}");
    }
}
