//! The responses of `/v1/changes`: withdrawals, formats, validators and refusals.

use serde_json::{Value, json};

use super::history::history;
use crate::harness::{Reply, SOURCES, TestServer, bundle, get, head, publish, raw, territories};

fn with(server: &TestServer, target: &str, headers: &str) -> Reply {
    raw(server.address, format!("GET {target} HTTP/1.1\r\nHost: test\r\n{headers}Connection: close\r\n\r\n").as_bytes())
}

#[test]
fn a_withdrawal_has_its_reason_and_the_code_of_the_successor() {
    let (server, _) = history();
    let changes = get(server.address, "/v1/changes?dataset=actors&since=6&until=7").data();
    let published = get(server.address, "/v1/releases/7").data()["published_at"].clone();
    let expected = json!([{
        "release": 7, "published_at": published, "dataset": "actors", "op": "withdraw", "code": "asso", "row": null,
        "reason": "Fusion", "successor_code": "etat",
    }]);
    assert_eq!(changes, expected);
    let lines = get(server.address, "/v1/changes?dataset=observations&since=5&until=6").data();
    let codes: Vec<&Value> = lines.as_array().expect("a list").iter().map(|line| &line["code"]).collect();
    assert_eq!(codes.len(), 6);
    assert_eq!(codes[0], "aides~COM-91001~2020-Q1~_T~observed~essai");
    assert!(lines.as_array().expect("a list").iter().all(|line| line["reason"] == "Erreur de saisie"), "{lines}");
    let replaced = get(server.address, "/v1/changes?dataset=observations&since=11&until=13").data();
    let said: Vec<(&Value, &Value, &Value)> =
        replaced.as_array().expect("a list").iter().map(|line| (&line["op"], &line["code"], &line["reason"])).collect();
    let expected = [
        ("withdraw", "habitants~COM-91003~2019-01-01_2019-10-31~_T~observed~essai", json!("Essai")),
        ("upsert", "habitants~COM-91003~2020~_T~observed~essai", Value::Null),
        ("withdraw", "habitants~COM-92002~2019-01-01_2019-10-31~_T~observed~essai", json!("Doublon")),
    ];
    let expected = expected.map(|(op, code, reason)| (json!(op), json!(code), reason));
    assert_eq!(said, expected.each_ref().map(|(op, code, reason)| (op, code, reason)));
}

#[test]
fn csv_has_one_column_per_field_for_one_dataset_and_json_rows_for_several() {
    let (server, newest) = history();
    let reply = get(server.address, "/v1/changes?dataset=actors&format=csv");
    assert_eq!(reply.header("release-number"), Some(newest.to_string().as_str()));
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert!(reply.header("content-disposition").is_some_and(|text| text.contains("reperes-changes-0-")), "{:?}", reply.headers);
    let text = reply.text();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("release,published_at,dataset,op,code,kind,name,"), "{}", lines[0]);
    assert!(lines[0].ends_with(",note,reason,successor_code"), "{}", lines[0]);
    assert!(lines[3].contains(",actors,withdraw,asso,,,") && lines[3].ends_with(",Fusion,etat"), "{}", lines[3]);
    assert_eq!(lines.len(), 4);
    let mut reader = csv::Reader::from_reader(std::io::Cursor::new(get(server.address, "/v1/changes?format=csv").body));
    let names: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    assert_eq!(names, ["release", "published_at", "dataset", "op", "code", "row", "reason", "successor_code"]);
    let pages = get(server.address, "/v1/changes?limit=1000").data();
    let mut count = 0;
    for (record, change) in reader.records().zip(pages.as_array().expect("a list")) {
        let record = record.expect("a line");
        assert_eq!(
            (&record[2], &record[3], &record[4]),
            (text_of(change, "dataset"), text_of(change, "op"), text_of(change, "code"))
        );
        let row: Value = if record[5].is_empty() { Value::Null } else { serde_json::from_str(&record[5]).expect("JSON") };
        assert_eq!(row, change["row"]);
        count += 1;
    }
    assert!(count > 100 && count == pages.as_array().expect("a list").len());
}

fn text_of<'v>(change: &'v Value, name: &str) -> &'v str {
    change[name].as_str().expect("a text")
}

#[test]
fn a_stream_has_all_changes_and_a_page_links_to_the_next() {
    let (server, newest) = history();
    let page = get(server.address, "/v1/changes?format=ndjson&limit=2");
    assert_eq!(page.text().lines().count(), 2);
    let next = page.header("link").and_then(|link| link.split(['<', '>']).nth(1)).expect("a link").to_owned();
    assert!(next.contains("format=ndjson") && next.contains("cursor="), "{next}");
    assert_eq!(get(server.address, &next).text().lines().count(), 2);
    let empty = head(server.address, "/v1/changes?format=ndjson");
    assert_eq!((empty.status, empty.body.len(), empty.header("release-number")), (200, 0, Some(newest.to_string().as_str())));
    assert_eq!(with(&server, "/v1/changes?limit=1", "Accept: application/x-ndjson\r\n").text().lines().count(), 1);
    with(&server, "/v1/changes", "Accept: application/vnd.apache.parquet\r\n").problem(406);
}

#[test]
fn changes_are_revalidated_with_304_until_a_release_is_published() {
    let server = TestServer::empty();
    get(server.address, "/v1/changes").problem(503);
    publish(&server.url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    let first = get(server.address, "/v1/changes?dataset=territories");
    let poll = first.json()["links"]["poll"].as_str().expect("an address").to_owned();
    assert_eq!(poll, "/v1/changes?dataset=territories&since=1");
    let empty = get(server.address, &poll);
    assert_eq!(empty.data(), json!([]));
    let tag = empty.header("etag").expect("a tag").to_owned();
    for held in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let again = with(&server, &poll, &format!("If-None-Match: {held}\r\n"));
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag.as_str())), "{held}");
    }
    let others = [
        "/v1/changes?dataset=territories",
        "/v1/changes?dataset=sources&since=1",
        "/v1/changes?dataset=territories&since=1&format=csv",
    ];
    for other in others {
        assert_eq!(with(&server, other, &format!("If-None-Match: {tag}\r\n")).status, 200, "{other}");
    }
    publish(&server.url, &bundle(&[("territories", &territories(&[("COM-1", "A", "1")]))])).expect("the bundle is right");
    let news = with(&server, &poll, &format!("If-None-Match: {tag}\r\n"));
    assert_eq!(news.data()[0]["code"], "COM-1");
    assert_ne!(news.header("etag"), Some(tag.as_str()));
    let pinned = news.json()["links"]["pinned"].as_str().expect("an address").to_owned();
    assert_eq!(get(server.address, &pinned).data(), news.data());
    assert_eq!(news.header("content-location"), Some(pinned.as_str()));
}

#[test]
fn a_withdrawn_territory_is_still_accepted_as_a_filter() {
    let server = TestServer::empty();
    let rows = territories(&[("COM-1", "A", "1"), ("COM-2", "B", "1")]);
    publish(&server.url, &bundle(&[("sources", SOURCES), ("territories", &rows)])).expect("the bundle is right");
    super::history::withdraw(&server.url, "territories", &["COM-1"], "Fusion", Some("COM-2"));
    get(server.address, "/v1/territories?within=COM-1").problem(400);
    let gone = get(server.address, "/v1/changes?dataset=territories&within=COM-1&since=1").data();
    assert_eq!(
        (&gone[0]["op"], &gone[0]["code"], &gone[0]["successor_code"]),
        (&json!("withdraw"), &json!("COM-1"), &json!("COM-2"))
    );
    assert_eq!(gone.as_array().map(Vec::len), Some(1));
}

#[test]
fn wrong_parameters_of_changes_are_refused_and_every_fault_is_listed() {
    let (server, newest) = history();
    let beyond = (newest + 1).to_string();
    let cursor = get(server.address, "/v1/changes?limit=1").json()["links"]["next"].as_str().expect("a link").to_owned();
    let cursor = cursor.split("cursor=").nth(1).expect("a cursor").to_owned();
    let refused: [(String, &[&str]); 15] = [
        (format!("since={beyond}"), &["since"]),
        (format!("since={beyond}&until={beyond}"), &["since", "until"]),
        ("since=-1&until=0&dataset=x,releases&format=parquet".to_owned(), &["since", "until", "dataset", "dataset", "format"]),
        ("since=3&until=2".to_owned(), &["until"]),
        ("since=1&since=1".to_owned(), &["since"]),
        ("kind=commune".to_owned(), &["kind"]),
        ("dataset=territories,measures&kind=commune&sort=code".to_owned(), &["kind", "sort"]),
        ("dataset=territories&kind=comune&limit=1001".to_owned(), &["kind", "limit"]),
        ("dataset=indicators&within=DEP-91".to_owned(), &["within"]),
        ("dataset=indicators,commitments&within=DEP-91".to_owned(), &["within"]),
        ("within=DEP-99,DEP-98".to_owned(), &["within", "within"]),
        ("bbox=1,2,3,4".to_owned(), &["bbox"]),
        (format!("limit=1&since=1&cursor={cursor}"), &["cursor"]),
        (format!("cursor={}", cursor.to_uppercase()), &["cursor"]),
        ("dataset=observations&q=x&last=1&release=1".to_owned(), &["q", "last", "release"]),
    ];
    for (query, parameters) in refused {
        let problem = get(server.address, &format!("/v1/changes?{query}")).problem(400);
        let found: Vec<&str> =
            problem["errors"].as_array().expect("faults").iter().filter_map(|fault| fault["name"].as_str()).collect();
        assert_eq!(found, parameters, "{query}: {problem}");
    }
    let unknown = get(server.address, "/v1/changes?kind=commune").problem(400);
    assert!(unknown["errors"][0]["detail"].as_str().is_some_and(|detail| detail.contains("unless `dataset` names")), "{unknown}");
    let since = get(server.address, &format!("/v1/changes?since={beyond}")).problem(400);
    assert_eq!(since["errors"][0]["closest"], json!([newest.to_string()]));
}
