//! The list of territories: today's unless the request says otherwise, in every way of asking; and what a territory is or was.

use std::collections::{BTreeMap, BTreeSet};

use reperes::datasets::REGISTRY;
use reperes::query::pairs;
use serde_json::{Value, json};

use crate::harness::{SOURCES, TestServer, bundle, bundled, get, publish};

/// The territories of today, the codes that have ended, and both.
const TODAY: i64 = 39_318;
const FORMER: i64 = 4_275;
const ALL: i64 = TODAY + FORMER;

fn total(target: &str) -> i64 {
    let separator = if target.contains('?') { '&' } else { '?' };
    let reply = get(bundled(), &format!("{target}{separator}total=exact&limit=1"));
    assert_eq!(reply.status, 200, "{target}: {}", reply.text());
    reply.json()["meta"]["total"]["value"].as_i64().expect("a total")
}

fn codes(target: &str) -> Vec<String> {
    let reply = get(bundled(), target);
    assert_eq!(reply.status, 200, "{target}: {}", reply.text());
    reply.data().as_array().expect("a list").iter().map(|row| row["code"].as_str().expect("a code").to_owned()).collect()
}

/// The codes of an export, in its order.
fn exported(target: &str) -> Vec<String> {
    let reply = get(bundled(), target);
    assert!(reply.status == 200 && reply.whole, "{target}: {}", reply.text());
    reply.text().lines().skip(1).map(|line| line.split(',').next().unwrap_or_default().to_owned()).collect()
}

fn link(target: &str, name: &str) -> String {
    get(bundled(), target).json()["links"][name].as_str().unwrap_or_else(|| panic!("{target} has no link {name}")).to_owned()
}

#[test]
fn a_list_holds_the_territories_of_today_unless_it_is_opened() {
    for (query, expected) in [
        ("", TODAY),
        ("status=current", TODAY),
        ("status=former", FORMER),
        ("status=former,current", ALL),
        ("status__ne=current", FORMER),
        ("kind=commune", 34_969),
        ("kind=commune&status=former", 4_240),
        ("kind=epci&status=former", 18),
        ("kind=region&status=former", 16),
        ("kind=departement&status=former", 1),
        ("kind=associated_commune,delegated_commune,municipal_arrondissement", 2_621),
        ("kind=ept", 11),
        ("kind=perimeter", 1),
        ("within=COM-59350", 3),
        ("within=COM-59350&status=former,current", 5),
        ("touching=COM-59350&status=former", 2),
        ("departement_code=DEP-59&kind=commune", 647),
        ("geography=2026", 36_685),
    ] {
        assert_eq!(total(&format!("/v1/territories?{query}")), expected, "{query}");
    }
    // A code is found whatever it names.
    assert_eq!(codes("/v1/territories?code=COM-59355,COM-59350"), ["COM-59350", "COM-59355"]);
    assert_eq!(codes("/v1/territories?code=COM-59355&status=current"), Vec::<String>::new());
    assert_eq!(codes("/v1/territories?code__startswith=COM-59355"), ["COM-59355"]);
    assert_eq!(codes("/v1/territories?code__ne=COM-59350&kind=departement&name=Corse"), ["DEP-20"]);
    assert_eq!(get(bundled(), "/v1/territories/COM-59355").data()["status"], "former");
    // Every other way of asking has the same default.
    assert_eq!(codes("/v1/territories?q=lomme&kind=commune&name=Lomme"), Vec::<String>::new());
    assert_eq!(codes("/v1/territories?q=lomme&status=former&kind=commune&limit=1"), ["COM-59355"]);
    assert_eq!(codes("/v1/territories/COM-59350/members"), ["COMA-59298", "COMA-59355"]);
    assert_eq!(
        codes("/v1/territories/COM-59350/members?status=former,current"),
        ["COM-59298", "COM-59355", "COMA-59298", "COMA-59355"]
    );
    assert_eq!(total("/v1/territories/REG-32/descendants?status=former&kind=region"), 2);
    assert_eq!(codes("/v1/territories/COM-59355/ancestors?kind=commune,departement,region"), ["COM-59350", "DEP-59", "REG-32"]);
    for kind in ["former_commune", "former_epci", "former_departement", "former_region"] {
        get(bundled(), &format!("/v1/territories?kind={kind}")).problem(400);
    }
}

#[test]
fn links_name_the_default_so_that_they_mean_the_same_rows_for_ever() {
    let (implied, named) = ("/v1/territories?kind=region&limit=2", "/v1/territories?kind=region&status=current&limit=2");
    for name in ["self", "pinned", "next"] {
        assert_eq!(link(implied, name), link(named, name), "{name}");
        assert!(link(implied, name).contains("status=current"), "{name}");
        assert_eq!(codes(&link(implied, name)), codes(&link(named, name)), "{name}");
    }
    assert_eq!(get(bundled(), implied).header("etag"), get(bundled(), named).header("etag"), "one answer, one cache entry");
    assert_eq!(link("/v1/territories?code=FR", "self"), "/v1/territories?code=FR");
    assert_eq!(link("/v1/territories?geography=2026&kind=region", "self"), "/v1/territories?geography=2026-01-01&kind=region");
    assert!(link("/v1/territories/COM-59350/members", "pinned").contains("status=current"));
    assert!(!link("/v1/territories/COM-59350", "pinned").contains("status"));
    // The cursor of one form continues the other; that of the open list does not.
    let cursor = link(implied, "next").split("cursor=").nth(1).expect("a cursor").split('&').next().expect("a value").to_owned();
    let second = format!("/v1/territories?kind=region&limit=2&cursor={cursor}");
    assert_eq!(codes(&second), ["REG-03", "REG-04"]);
    get(bundled(), &format!("{second}&status=former,current")).problem(400);
}

#[test]
fn exports_have_the_default_and_files_and_changes_have_none() {
    let today = exported("/v1/territories?format=csv&fields=code");
    let all = exported("/v1/territories?format=csv&fields=code&status=former,current");
    assert_eq!((today.len() as i64, all.len() as i64), (TODAY, ALL));
    let files = get(bundled(), "/v1/files").data();
    let file = files.as_array().expect("a list").iter().find(|file| file["href"] == "/v1/files/territories.csv").expect("a file");
    let text = get(bundled(), "/v1/files/territories.csv").text();
    let rows = csv::Reader::from_reader(text.as_bytes()).records().count();
    assert_eq!(rows as i64, ALL, "{file}");
    let ndjson = get(bundled(), "/v1/changes?dataset=territories&format=ndjson").text();
    let mut copy = BTreeSet::new();
    for line in ndjson.lines() {
        let change: Value = serde_json::from_str(line).expect("an object");
        let code = change["code"].as_str().expect("a code").to_owned();
        if change["op"] == "upsert" { _ = copy.insert(code) } else { _ = copy.remove(&code) }
    }
    assert!(copy.iter().eq(all.iter()), "a mirror without a filter equals the open list");
    let former = get(bundled(), "/v1/changes?dataset=territories&status=former&format=ndjson").text();
    assert_eq!(former.lines().count() as i64, FORMER);
}

#[test]
fn the_list_of_today_and_the_geography_of_this_year_differ_by_what_has_no_history() {
    let kinds = |query: &str| -> BTreeMap<String, String> {
        let text = get(bundled(), &format!("/v1/territories?format=csv&fields=code,kind{query}")).text();
        let pair = |line: &str| line.split_once(',').map(|(code, kind)| (code.to_owned(), kind.to_owned())).expect("two cells");
        text.lines().skip(1).map(pair).collect()
    };
    let (today, dated) = (kinds(""), kinds("&geography=2026"));
    let mut missing: BTreeMap<&str, i64> = BTreeMap::new();
    for (code, kind) in today.iter().filter(|(code, _)| !dated.contains_key(*code)) {
        *missing.entry(kind).or_default() += 1;
        assert!(!code.starts_with("COM-"), "{code}");
    }
    let expected = [
        ("associated_commune", 471),
        ("delegated_commune", 2_105),
        ("ept", 11),
        ("municipal_arrondissement", 45),
        ("perimeter", 1),
    ];
    assert_eq!(missing, BTreeMap::from(expected));
    assert!(dated.iter().all(|(code, kind)| today.get(code) == Some(kind)));
}

#[test]
fn facets_of_the_field_with_the_default_count_what_it_leaves_out() {
    let facets = |query: &str| get(bundled(), &format!("/v1/territories?{query}&limit=1")).json()["meta"]["facets"].clone();
    let count = |facets: &Value, field: &str, value: &str| {
        let choices = facets[field]["choices"].as_array().expect("a list");
        choices.iter().find(|choice| choice["value"] == value).map(|choice| choice["count"].clone())
    };
    let found = facets("facets=status,kind");
    assert_eq!(count(&found, "status", "current"), Some(json!(TODAY)), "{found}");
    assert_eq!(count(&found, "status", "former"), Some(json!(FORMER)), "{found}");
    assert_eq!(count(&found, "kind", "commune"), Some(json!(34_969)), "{found}");
}

#[test]
fn the_document_says_the_default_in_words_since_clients_would_send_one_of_the_schema() {
    let document = get(bundled(), "/openapi.json").json();
    let parameters = document["paths"]["/v1/territories"]["get"]["parameters"].as_array().expect("a list").clone();
    let resolved = |one: &Value| match one["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("what is referred to").clone(),
        None => one.clone(),
    };
    let status = parameters.iter().map(resolved).find(|one| one["name"] == "status").expect("the filter is declared");
    assert!(status["description"].as_str().is_some_and(|text| text.contains("`status=current`")), "{status}");
    assert!(status.pointer("/schema/default").is_none(), "{status}");
    let listed = get(bundled(), "/v1").data();
    let entry = listed.as_array().expect("a list").iter().find(|one| one["name"] == "territories").expect("it is listed").clone();
    assert!(entry["description"].as_str().is_some_and(|text| text.contains("`status=former,current`")), "{entry}");
    for dataset in REGISTRY {
        for field in dataset.fields.iter().filter(|field| field.list_default.is_some()) {
            let values = field.choices().expect("a default is one of a list of words");
            assert!(values.iter().any(|choice| Some(choice.value) == field.list_default), "{}.{}", dataset.name, field.name);
        }
    }
}

#[test]
fn a_file_without_the_column_status_holds_territories_of_today() {
    let server = TestServer::empty();
    let rows = "code,kind,name,geography_year,source_code\nDEP-01,departement,Ain,2026,essai\n";
    publish(&server.url, &bundle(&[("sources", SOURCES), ("territories", rows)])).expect("the bundle is right");
    assert_eq!(get(server.address, "/v1/territories").data()[0]["status"], "current");
    let with = |status: &str| {
        let rows = format!("code,kind,name,status,geography_year,source_code\nDEP-02,departement,Aisne,{status},2026,essai\n");
        publish(&server.url, &bundle(&[("territories", &rows)])).map(|report| report.outcome).map_err(|error| error.to_string())
    };
    let empty = with("").expect_err("a column without a value is a fault");
    assert!(empty.contains("status"), "{empty}");
    assert!(with("gone").expect_err("it is no word of the list").contains("current, former"));
    with("former").expect("the row is right");
    assert_eq!(get(server.address, "/v1/territories").data().as_array().map(Vec::len), Some(1));
    assert_eq!(get(server.address, "/v1/territories?status=former").data()[0]["code"], "DEP-02");
    let escaped = pairs::encode("DEP-02");
    assert_eq!(get(server.address, &format!("/v1/territories?code={escaped}")).data()[0]["status"], "former");
}
