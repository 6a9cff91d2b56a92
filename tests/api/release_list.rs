//! The list of releases: its order, the newest of them, and the members of its objects.

use serde_json::{Value, json};

use super::document::document;
use crate::harness::four_releases::four_releases;
use crate::harness::get;

fn numbers(target: &str) -> Vec<Value> {
    let reply = four_releases().get(target);
    assert_eq!(reply.status, 200, "{target}: {}", reply.text());
    reply.data().as_array().expect("a list").iter().map(|row| row["number"].clone()).collect()
}

#[test]
fn releases_come_newest_first_in_pages_and_in_every_format() {
    assert_eq!(numbers("/v1/releases"), [4, 3, 2, 1]);
    assert_eq!(numbers("/v1/releases?release=2"), [2, 1]);
    assert_eq!(numbers("/v1/releases?sort=number"), [1, 2, 3, 4]);
    assert_eq!(numbers("/v1/releases?sort=-number"), [4, 3, 2, 1]);
    let mut next = Some("/v1/releases?limit=1".to_owned());
    let mut seen = Vec::new();
    while let Some(target) = next {
        let page = four_releases().get(&target).json();
        seen.extend(page["data"].as_array().expect("a list").iter().map(|row| row["number"].clone()));
        next = page["links"]["next"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, [4, 3, 2, 1]);
    let text = four_releases().get("/v1/releases?format=csv&fields=number").text();
    assert_eq!(text.lines().collect::<Vec<_>>(), ["number", "4", "3", "2", "1"]);
    // Every other list stays in the order of its key.
    let codes = four_releases().get("/v1/actors").data();
    assert!(codes.as_array().expect("a list").is_sorted_by_key(|row| row["code"].to_string()), "{codes}");
}

#[test]
fn the_newest_release_has_an_address_and_latest_is_no_number() {
    let newest = four_releases().get("/v1/releases/4");
    let latest = four_releases().get("/v1/releases/latest");
    assert_eq!((latest.status, latest.data()), (200, newest.data()));
    let caching = "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400";
    assert_eq!((latest.header("cache-control"), latest.header("release-number")), (Some(caching), Some("4")));
    let links = latest.json()["links"].clone();
    assert_eq!(links["self"], "/v1/releases/latest");
    assert_eq!(links["pinned"], "/v1/releases/4?release=4");
    assert_eq!((&links["previous"], &links["next"]), (&json!("/v1/releases/3"), &Value::Null));
    assert_eq!(links["related"]["changes"], "/v1/changes?since=3&until=4");
    let earlier = format!("/v1/releases/latest?as_of={}", four_releases().published[1]);
    for target in ["/v1/releases/latest?release=2", &earlier] {
        assert_eq!(four_releases().get(target).data()["number"], 2, "{target}");
    }
    assert_eq!(four_releases().get("/v1/releases/latest?fields=number").data(), json!({"number": 4}));
    four_releases().get("/v1/releases/latest?limit=1").problem(400);
    four_releases().get("/v1/releases/latest/sources").problem(404);
    four_releases().get("/v1/releases?number=latest").problem(400);
    four_releases().get("/v1/releases/last").problem(404);
    get(crate::harness::TestServer::empty().address, "/v1/releases/latest").problem(503);
    for (wrong, detail) in [
        ("/v1/releases/99", "No release has the number `99`; the newest is 4."),
        ("/v1/releases/4?release=3", "No release has the number `4` in release 3; one has it from release 4 on."),
    ] {
        assert_eq!(four_releases().get(wrong).problem(404)["detail"], detail);
    }
}

#[test]
fn the_objects_of_a_release_have_the_members_that_the_document_describes() {
    let release = four_releases().get("/v1/releases/1").data();
    assert!(release.get("bundle").is_none(), "{release}");
    let file = &release["files"][0];
    let names: Vec<&String> = file.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["dataset", "path", "recipe", "rows", "sha256"]);
    assert!(file["dataset"].is_string() && file["recipe"].is_null(), "{file}");
    let schema = &document()["components"]["schemas"]["Release"]["properties"];
    let described = |members: &Value| members.as_object().expect("members").keys().cloned().collect::<Vec<_>>();
    assert_eq!(described(&schema["files"]["items"]["properties"]), ["dataset", "path", "recipe", "rows", "sha256"]);
    let counts = &release["counts"]["actors"];
    assert_eq!(described(&schema["counts"]["additionalProperties"]["properties"]), described(counts));
    assert_eq!(counts, &json!({"added": 4, "changed": 0, "withdrawn": 0}));
}
