//! Copies that are updated by changes alone, compared with the collections.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::thread;

use reperes::datasets::REGISTRY;
use reperes::query::Dataset;
use reperes::query::plan::changes::has_changes;
use serde_json::Value;

use super::history::{history, make_releases, visible, withdraw};
use crate::harness::{SOURCES, TestServer, bundle, get, publish, territories};

/// Selections of one dataset: its name and its filters.
const SELECTIONS: [(&str, &str); 22] = [
    ("observations", "within=DEP-91"),
    ("observations", "within=DEP-92"),
    ("observations", "within=PER-essai"),
    ("observations", "touching=PER-essai"),
    ("observations", "within=DEP-91,COM-92002&touching=PER-essai"),
    ("observations", "qualifier=exact"),
    ("observations", "qualifier__ne=exact&value__gte=8"),
    ("observations", "within=PER-essai&qualifier=exact"),
    ("territories", "bbox=2.1,50.1,2.9,50.9"),
    ("territories", "bbox=4.9,50.1,6.1,50.9&within=DEP-92"),
    ("territories", "lon=2.5&lat=50.5"),
    ("observations", "indicator_code=aides&within=DEP-92"),
    (
        "observations",
        "code=habitants~COM-91001~2019~_T~observed~essai,habitants~COM-91001~2019-01-01_2019-10-31~_T~observed~essai",
    ),
    ("observations", "period__gte=2020&within=DEP-91"),
    ("territories", "within=PER-essai"),
    ("territories", "departement_code=DEP-91&population__gt=150"),
    ("territories", "bbox=2,50,3,51&departement_code=DEP-92"),
    ("measures", "within=DEP-91"),
    ("measures", "territory_codes=COM-92001"),
    ("measures", "within=COM-91003,COM-92001"),
    ("actors", "kind=association"),
    ("indicators", "direction=none"),
];

/// The rows that each release of the history publishes, whatever a request selects: it tells `leave` from `withdraw`.
fn published() -> &'static BTreeMap<(&'static str, i32), BTreeSet<String>> {
    static PUBLISHED: LazyLock<BTreeMap<(&str, i32), BTreeSet<String>>> = LazyLock::new(|| {
        let (server, newest) = history();
        let codes = |dataset: &'static Dataset, release| match dataset.public {
            true => collection(server.address, dataset.name, "", release).into_keys().collect(),
            false => visible(&server.url, dataset, release).into_iter().map(|(code, _)| code).collect(),
        };
        let datasets = REGISTRY.iter().filter(|dataset| has_changes(dataset));
        datasets.flat_map(|dataset| (1..=newest).map(move |release| ((dataset.name, release), codes(dataset, release)))).collect()
    });
    &PUBLISHED
}

/// Checks that a row of the history that is gone leaves if its release still publishes it, and else is withdrawn with the
/// reason that its address gives. Returns whether it leaves.
fn is_gone_rightly(change: &Value, what: &str) -> bool {
    let (server, _) = history();
    let text = |name: &str| change[name].as_str().expect("a text");
    let release = change["release"].as_i64().and_then(|number| i32::try_from(number).ok()).expect("a number");
    let dataset = REGISTRY.iter().find(|dataset| dataset.name == text("dataset")).expect("a dataset");
    let still = published()[&(dataset.name, release)].contains(text("code"));
    assert_eq!(text("op"), if still { "leave" } else { "withdraw" }, "{what}: {change}");
    if still {
        assert!(change["reason"].is_null() && change["successor_code"].is_null(), "{what}: {change}");
    } else if dataset.public {
        let code = reperes::query::pairs::encode_segment(text("code"));
        let gone = get(server.address, &format!("/v1/{}/{code}?release={release}", dataset.name)).problem(410);
        let told = &gone["withdrawal"];
        assert_eq!(
            (&told["reason"], &told["successor_code"]),
            (&change["reason"], &change["successor_code"]),
            "{what}: {change}"
        );
        assert_eq!(told["release"], release);
    }
    still
}

/// The copy that a client keeps: rows by dataset and code.
#[derive(Default)]
struct Copy(BTreeMap<(String, String), Value>);

impl Copy {
    /// Applies one change. A change that has no effect fails the test.
    fn apply(&mut self, change: &Value, what: &str) {
        let text = |name: &str| change[name].as_str().expect("a text").to_owned();
        let key = (text("dataset"), text("code"));
        match text("op").as_str() {
            "upsert" => {
                let before = self.0.insert(key, change["row"].clone());
                assert!(before.as_ref() != Some(&change["row"]), "{what}: nothing changes with {change}");
                assert!(change["reason"].is_null() && change["successor_code"].is_null(), "{what}: {change}");
            }
            "withdraw" | "leave" => {
                assert!(change["row"].is_null(), "{what}: {change}");
                assert_eq!(change["reason"].is_string(), change["op"] == "withdraw", "{what}: {change}");
                assert!(self.0.remove(&key).is_some(), "{what}: what is not there goes with {change}");
            }
            other => panic!("{what}: an operation {other}"),
        }
    }

    fn rows(&self, dataset: &str) -> BTreeMap<&str, &Value> {
        self.0.iter().filter(|((name, _), _)| name == dataset).map(|((_, code), row)| (code.as_str(), row)).collect()
    }
}

/// The changes of all pages of a request, and the release that they lead to.
fn pages(address: SocketAddr, target: &str) -> (Vec<Value>, i32) {
    let mut next = Some(target.to_owned());
    let (mut changes, mut release) = (Vec::new(), None);
    while let Some(target) = next {
        let reply = get(address, &target);
        assert_eq!(reply.status, 200, "{target}: {}", reply.text());
        let page = reply.json();
        let found = page["meta"]["release"].as_i64().and_then(|number| i32::try_from(number).ok()).expect("a release");
        assert_eq!(*release.get_or_insert(found), found, "{target}: pages end at several releases");
        let data = page["data"].as_array().expect("a list");
        changes.extend(data.iter().cloned());
        next = page["links"]["next"].as_str().map(str::to_owned);
        assert_eq!(next.is_none(), page["links"]["poll"].is_string(), "{target}: the last page leads on");
    }
    in_order(&changes, target);
    (changes, release.expect("a page"))
}

/// Checks the order of changes: by release, then by dataset, and each row at most once in a release.
fn in_order(changes: &[Value], what: &str) {
    let place = |change: &Value| {
        let dataset = REGISTRY.iter().position(|dataset| dataset.name == change["dataset"]).expect("a dataset");
        (change["release"].as_i64().expect("a number"), dataset)
    };
    assert!(changes.windows(2).all(|two| place(&two[0]) <= place(&two[1])), "{what}: out of order");
    let codes: BTreeSet<_> = changes.iter().map(|change| (place(change), change["code"].to_string())).collect();
    assert_eq!(codes.len(), changes.len(), "{what}: a row is named twice in a release");
}

/// The rows of a collection at a release, by code.
fn collection(address: SocketAddr, dataset: &str, filters: &str, release: i32) -> BTreeMap<String, Value> {
    // Without a filter on `status`, a list of territories leaves out former ones; changes have no default.
    let all = if dataset == "territories" { "&status=former,current" } else { "" };
    let target = format!("/v1/{dataset}?{filters}{all}&release={release}&format=ndjson");
    let reply = get(address, &target);
    assert_eq!(reply.status, 200, "{target}: {}", reply.text());
    let rows = reply.text().lines().map(|line| serde_json::from_str::<Value>(line).expect("an object")).collect::<Vec<_>>();
    rows.into_iter().map(|row| (row["code"].as_str().expect("a code").to_owned(), row)).collect()
}

fn same(copy: &Copy, dataset: &str, expected: &BTreeMap<String, Value>, what: &str) {
    let expected: BTreeMap<&str, &Value> = expected.iter().map(|(code, row)| (code.as_str(), row)).collect();
    assert_eq!(copy.rows(dataset), expected, "{what}: {dataset}");
}

#[test]
fn changes_rebuild_all_collections_release_by_release_and_in_one_request() {
    let (server, newest) = history();
    let whole = |copy: &Copy, release: i32, what: &str| {
        for dataset in REGISTRY.iter().filter(|dataset| has_changes(dataset)) {
            let expected = match dataset.public {
                true => collection(server.address, dataset.name, "", release),
                false => visible(&server.url, dataset, release).into_iter().collect(),
            };
            same(copy, dataset.name, &expected, what);
        }
    };
    let mut step_by_step = Copy::default();
    for release in 1..=newest {
        let target = format!("/v1/changes?since={}&until={release}&limit=7", release - 1);
        let (changes, until) = pages(server.address, &target);
        assert_eq!(until, release);
        assert!(changes.iter().all(|change| change["release"] == release), "{target}");
        for change in changes.iter().filter(|change| change["op"] != "upsert") {
            assert!(!is_gone_rightly(change, &target), "{target}: nothing leaves what selects everything: {change}");
        }
        changes.iter().for_each(|change| step_by_step.apply(change, &target));
        whole(&step_by_step, release, &target);
    }
    for since in [0, 1, 4] {
        let mut copy = Copy::default();
        if since > 0 {
            let target = format!("/v1/changes?until={since}&limit=1000");
            pages(server.address, &target).0.iter().for_each(|change| copy.apply(change, &target));
        }
        let target = format!("/v1/changes?since={since}&limit=3");
        let (changes, until) = pages(server.address, &target);
        assert_eq!(until, newest);
        changes.iter().for_each(|change| copy.apply(change, &target));
        whole(&copy, newest, &target);
    }
}

#[test]
fn changes_rebuild_every_selection_although_rows_enter_and_leave_it() {
    let (server, newest) = history();
    let mut left = 0;
    for (dataset, filters) in SELECTIONS {
        let mut copy = Copy::default();
        for release in 1..=newest {
            let target = format!("/v1/changes?dataset={dataset}&{filters}&since={}&until={release}&limit=2", release - 1);
            for change in pages(server.address, &target).0 {
                left += usize::from(change["op"] != "upsert" && is_gone_rightly(&change, &target));
                copy.apply(&change, &target);
            }
            same(&copy, dataset, &collection(server.address, dataset, filters, release), &target);
        }
        let target = format!("/v1/changes?dataset={dataset}&{filters}&limit=5");
        let (mut at_once, changes) = (Copy::default(), pages(server.address, &target).0);
        changes.iter().for_each(|change| at_once.apply(change, &target));
        same(&at_once, dataset, &collection(server.address, dataset, filters, newest), &target);
        let stream = get(server.address, &format!("/v1/changes?dataset={dataset}&{filters}&format=ndjson"));
        let lines: Vec<Value> = stream.text().lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        assert_eq!(lines, changes, "{target}: the stream says something else than the pages");
    }
    assert!(left > 20, "only {left} rows have left a selection without being withdrawn");
}

#[test]
fn with_within_the_datasets_without_a_territory_are_complete() {
    let (server, newest) = history();
    let mut copy = Copy::default();
    let target = "/v1/changes?within=DEP-91&limit=5";
    pages(server.address, target).0.iter().for_each(|change| copy.apply(change, target));
    for dataset in REGISTRY.iter().filter(|dataset| has_changes(dataset) && dataset.public) {
        let filters = if dataset.territory.is_some() { "within=DEP-91" } else { "" };
        same(&copy, dataset.name, &collection(server.address, dataset.name, filters, newest), target);
    }
    let contours: Vec<&str> = copy.rows("contours").into_keys().collect();
    assert!(contours.is_empty(), "the contours of the other département are given too: {contours:?}");
}

#[test]
fn a_copy_stays_up_to_date_during_concurrent_publications() {
    let server = TestServer::empty();
    let rows: Vec<(String, String)> = (0..40).map(|n| (format!("COM-{n:05}"), format!("Commune {n}"))).collect();
    let of = |from: usize, population: usize| {
        let population = population.to_string();
        let some = rows.iter().skip(from).step_by(3).map(|(code, name)| (code.as_str(), name.as_str(), population.as_str()));
        territories(&some.collect::<Vec<_>>())
    };
    publish(&server.url, &bundle(&[("sources", SOURCES), ("territories", &of(0, 1))])).expect("the bundle is right");
    let (mut copy, mut since, mut seen) = (Copy::default(), 0, BTreeSet::new());
    thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            for round in 0..12 {
                publish(&server.url, &bundle(&[("territories", &of(round % 3, round + 2))])).expect("the bundle is right");
                withdraw(&server.url, "territories", &[&format!("COM-{:05}", round * 3)], "Essai", None);
            }
        });
        let mut last = false;
        loop {
            let target = format!("/v1/changes?since={since}&limit=4");
            let (changes, until) = pages(server.address, &target);
            for change in &changes {
                copy.apply(change, &target);
                let what = (change["release"].to_string(), change["dataset"].to_string(), change["code"].to_string());
                assert!(seen.insert(what), "{target}: {change} comes twice");
            }
            since = until;
            same(&copy, "territories", &collection(server.address, "territories", "", since), &target);
            if last {
                break;
            }
            last = publisher.is_finished();
        }
    });
    assert_eq!(since, 25);
}

#[test]
fn a_narrow_request_over_hundreds_of_releases_is_answered_in_short_pages() {
    let server = TestServer::empty();
    make_releases(&server.url, 450);
    let mut next = Some("/v1/changes?dataset=sources&code=s-430,s-7&limit=10".to_owned());
    let (mut found, mut counts) = (Vec::new(), Vec::new());
    while let Some(target) = next {
        let page = get(server.address, &target).json();
        let codes = page["data"].as_array().expect("a list").iter().map(|change| change["code"].clone());
        found.extend(codes);
        counts.push(page["data"].as_array().map_or(0, Vec::len));
        next = page["links"]["next"].as_str().map(str::to_owned);
    }
    assert_eq!(found, ["s-7", "s-430"]);
    assert_eq!(counts, [1, 0, 1]);
    let (changes, _) = pages(server.address, "/v1/changes?dataset=sources&limit=250");
    assert_eq!(changes.len(), 450);
    let target = "/v1/changes?dataset=sources&code=s-430,s-7&format=ndjson";
    assert_eq!(get(server.address, target).text().lines().count(), 2, "a stream is whole at once");
}
