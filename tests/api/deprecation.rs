//! What ends is announced in headers, at `/v1` and in the OpenAPI document, and is a 410 with its successor afterwards.

use std::sync::LazyLock;

use reperes::http::deprecation::Deprecation;
use serde_json::{Value, json};

use crate::harness::{Reply, TestServer, bundled_server, get, keep_for_all_tests, shared};

/// Two parts that will end, and two that have ended.
const TABLE: &[Deprecation] = &[
    Deprecation { path: "/v1/events", parameter: None, since: "2024-01-31", sunset: "2999-12-31", successor: "/v1/novelties" },
    Deprecation {
        path: "/v1/indicators",
        parameter: Some("direction"),
        since: "2024-01-31",
        sunset: "2999-12-31",
        successor: "/v1/indicators",
    },
    Deprecation {
        path: "/v1/actors/{actor_code}",
        parameter: None,
        since: "2020-01-01",
        sunset: "2022-01-01",
        successor: "/v1/organisations?code={actor_code}",
    },
    Deprecation {
        path: "/v1/measures",
        parameter: Some("note"),
        since: "2020-01-01",
        sunset: "2022-01-01",
        successor: "/v1/measures?q=",
    },
];

fn server() -> &'static TestServer {
    static SERVER: LazyLock<TestServer> = LazyLock::new(|| {
        let url = &bundled_server().url;
        keep_for_all_tests(|| TestServer::with(url, shared(url).deprecating(TABLE)))
    });
    &SERVER
}

/// The values of all headers `Link`.
fn links(reply: &Reply) -> String {
    let links = reply.headers.iter().filter(|(name, _)| name == "link");
    links.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ")
}

#[test]
fn an_answer_of_what_will_end_says_since_when_until_when_and_what_comes_instead() {
    // The second answer comes from the cache.
    for target in
        ["/v1/events?limit=1", "/v1/events?limit=1", "/v1/indicators?direction=up", "/v1/indicators?limit=1&direction__ne=up"]
    {
        let reply = get(server().address, target);
        assert_eq!(reply.status, 200, "{target}");
        assert_eq!(reply.header("deprecation"), Some("@1706659200"), "{target}");
        assert_eq!(reply.header("sunset"), Some("Tue, 31 Dec 2999 00:00:00 GMT"), "{target}");
        let links = links(&reply);
        let successor = if target.contains("events") { "/v1/novelties" } else { "/v1/indicators" };
        assert!(links.contains(&format!("<{successor}>; rel=\"successor-version\"")), "{target}: {links}");
        assert!(links.contains("</docs/contract>; rel=\"deprecation\""), "{target}: {links}");
    }
    let next = links(&get(server().address, "/v1/events?limit=1"));
    assert!(next.contains("rel=\"next\""), "the other links stay: {next}");
    for target in ["/v1/indicators?limit=1", "/v1/events/33", "/v1/measures?limit=1", "/v1"] {
        let reply = get(server().address, target);
        assert_eq!((reply.header("deprecation"), reply.header("sunset")), (None, None), "{target}");
    }
}

#[test]
fn what_has_ended_is_a_410_that_names_its_successor() {
    for (target, successor, detail) in [
        (
            "/v1/actors/etat",
            "/v1/organisations?code=etat",
            "The address `/v1/actors/{actor_code}` ended on 2022-01-01; use /v1/organisations?code=etat instead.",
        ),
        (
            "/v1/measures?note=a",
            "/v1/measures?q=",
            "The parameter `note` of `/v1/measures` ended on 2022-01-01; use /v1/measures?q= instead.",
        ),
    ] {
        let reply = get(server().address, target);
        assert_eq!(reply.header("deprecation"), Some("@1577836800"), "{target}");
        assert!(links(&reply).contains(&format!("<{successor}>; rel=\"successor-version\"")), "{target}");
        let problem = reply.problem(410);
        assert_eq!((&problem["closest"], &problem["detail"]), (&json!([successor]), &json!(detail)), "{target}");
        assert!(problem["type"].as_str().is_some_and(|address| address.ends_with("/problems/gone")), "{problem}");
    }
    assert_eq!(get(server().address, "/v1/measures?limit=1").status, 200);
    assert_eq!(get(server().address, "/v1/actors?limit=1").status, 200);
}

#[test]
fn what_will_end_is_listed_and_marked() {
    let listed = get(server().address, "/v1").json();
    assert_eq!(listed["deprecations"].as_array().map(Vec::len), Some(TABLE.len()));
    assert_eq!(
        listed["deprecations"][1],
        json!({"path": "/v1/indicators", "parameter": "direction", "since": "2024-01-31", "sunset": "2999-12-31", "successor": "/v1/indicators"})
    );
    let document = get(server().address, "/openapi.json").json();
    let operation = |path: &str| document["paths"][path]["get"].clone();
    assert_eq!(operation("/v1/events")["deprecated"], true);
    assert_eq!(operation("/v1/actors/{actor_code}")["deprecated"], true);
    assert_eq!(operation("/v1/indicators")["deprecated"], Value::Null);
    let parameters = operation("/v1/indicators")["parameters"].as_array().expect("parameters").clone();
    let marked: Vec<&Value> = parameters.iter().filter(|one| one["deprecated"] == true).map(|one| &one["name"]).collect();
    assert_eq!(marked, ["direction"]);
}

#[test]
fn nothing_is_deprecated_today_and_the_contract_is_served() {
    let server = bundled_server();
    assert_eq!(get(server.address, "/v1").json()["deprecations"], json!([]));
    let document = get(server.address, "/openapi.json").text();
    assert!(!document.contains("\"deprecated\""));
    assert_eq!(get(server.address, "/v1").json()["links"]["contract"], "/docs/contract");
    for (path, begins) in [("/docs/contract", "# The contract of /v1\n"), ("/docs/contract.fr", "# Le contrat de /v1\n")] {
        let reply = get(server.address, path);
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
        assert!(reply.text().starts_with(begins), "{path}");
    }
    get(server.address, "/docs/contract?a=1").problem(400);
}
