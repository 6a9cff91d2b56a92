//! The history of a row: all its versions, what each changed, and whether it was withdrawn.

use serde_json::{Value, json};

use crate::harness::four_releases::{REASON, WITHDRAWING, code, four_releases, published};
use crate::harness::{SOURCES, TestServer, bundle, get, publish, territories};

/// A release, as a history cites it.
fn release(number: usize) -> Value {
    let title = if number == 3 { WITHDRAWING } else { "Essai" };
    json!({"release": number, "published_at": four_releases().published[number - 1], "title": title})
}

/// A release that closed a version.
fn closing(number: usize, withdrawal: Option<(&str, Option<String>)>) -> Value {
    let mut closing = release(number);
    let (reason, successor) = withdrawal.clone().map_or((None, None), |(reason, successor)| (Some(reason), successor));
    closing["withdrawn"] = json!(withdrawal.is_some());
    closing["reason"] = json!(reason);
    closing["successor_code"] = json!(successor);
    closing
}

#[test]
fn the_history_of_a_row_has_all_its_versions_in_every_dataset() {
    let history = four_releases();
    for dataset in published() {
        let path = |name: &str| format!("/v1/{}/{}", dataset.name, code(dataset, name));
        let versions_of = |name: &str, query: &str| -> Value {
            let reply = history.get(&format!("{}/history{query}", path(name)));
            let rows = reply.data().as_array().expect("a list").clone();
            rows.iter().map(|row| json!([row["note"], row["opened_by"], row["closed_by"], row["changed"]])).collect()
        };
        let changed = {
            let note = json!({"field": "note", "before": "1", "after": "2"});
            let value = json!({"field": "value", "before": 1, "after": 2});
            if dataset.field("value").is_some() { json!([value, note]) } else { json!([note]) }
        };
        let (first, second) = (json!(["1", release(1), null, []]), json!(["2", release(2), null, changed]));
        let superseded = json!(["1", release(1), closing(2, None), []]);
        let withdrawn = json!(["1", release(1), closing(3, Some((REASON, Some(code(dataset, "stays"))))), []]);
        let quitted = json!(["1", release(1), closing(3, Some((WITHDRAWING, None))), []]);
        assert_eq!(versions_of("stays", ""), json!([first]), "{}", dataset.name);
        assert_eq!(versions_of("changes", ""), json!([second, superseded]));
        assert_eq!(versions_of("goes", ""), json!([withdrawn]));
        assert_eq!(versions_of("quits", ""), json!([quitted]));
        assert_eq!(versions_of("comes", ""), json!([json!(["1", release(4), null, []])]));
        // A history at a release contains nothing of later releases.
        for query in ["?release=1".to_owned(), format!("?as_of={}", history.published[0])] {
            assert_eq!(versions_of("changes", &query), json!([first]));
        }
        assert_eq!(versions_of("goes", "?release=2"), json!([first]));
        let row = history.get(&path("changes")).data();
        let newest = history.get(&format!("{}/history", path("changes"))).data()[0].clone();
        for field in dataset.fields {
            assert_eq!(newest[field.name], row[field.name], "{}.{}", dataset.name, field.name);
        }
        assert_eq!(newest.as_object().map(serde_json::Map::len), Some(dataset.fields.len() + 3));
        let link = history.get(&path("stays")).json()["links"]["related"]["history"].clone();
        assert_eq!(link, json!(format!("{}/history", path("stays"))));
        let early = history.get(&format!("{}/history?release=3", path("comes"))).problem(404);
        assert!(early["detail"].as_str().is_some_and(|detail| detail.contains("from release 4 on")), "{early}");
        history.get(&format!("{}/history", path("nowhere"))).problem(404);
        history.get(&format!("{}/history?fields=code", path("stays"))).problem(400);
    }
    history.get("/v1/releases/1/history").problem(404);
}

#[test]
fn the_pages_of_a_history_together_equal_the_whole() {
    let server = TestServer::empty();
    let populations: Vec<String> = (1..=7).map(|n| (n * 10).to_string()).collect();
    for (at, population) in populations.iter().enumerate() {
        let rows = territories(&[("COM-1", "Ici", population), ("COM-2", "Là", "5")]);
        let files = [("sources", SOURCES), ("territories", rows.as_str())];
        publish(&server.url, &bundle(if at == 0 { &files } else { &files[1..] })).expect("the bundle is right");
    }
    let path = "/v1/territories/COM-1/history";
    let whole = get(server.address, path).json();
    let rows = whole["data"].as_array().expect("a list");
    let read: Vec<Value> =
        rows.iter().map(|row| json!([row["population"], row["opened_by"]["release"], row["changed"]])).collect();
    let expected: Vec<Value> = (1..=7)
        .rev()
        .map(|n| {
            let change = json!({"field": "population", "before": (n - 1) * 10, "after": n * 10});
            json!([n * 10, n, if n == 1 { json!([]) } else { json!([change]) }])
        })
        .collect();
    assert_eq!(read, expected);
    for limit in 1..=7 {
        let mut next = Some(format!("{path}?limit={limit}&release=7"));
        let mut seen = Vec::new();
        while let Some(target) = next {
            let page = get(server.address, &target).json();
            assert_eq!(page["meta"]["release"], 7);
            let pinned = get(server.address, page["links"]["pinned"].as_str().expect("a link")).json();
            assert_eq!(pinned["data"], page["data"]);
            seen.extend(page["data"].as_array().expect("a list").clone());
            next = page["links"]["next"].as_str().map(str::to_owned);
        }
        assert_eq!(&seen, rows, "{limit}");
    }
    let cursor = get(server.address, &format!("{path}?limit=2")).json()["links"]["next"].as_str().expect("a page").to_owned();
    get(server.address, &cursor.replace("COM-1", "COM-2")).problem(400);
    get(server.address, &cursor.replace("/history", "/observations")).problem(400);
}
