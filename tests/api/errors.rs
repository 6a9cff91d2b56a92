//! Errors for programs: every refusal lists where, why and what would be right, by words that are documented.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use reperes::app::Shared;
use reperes::problem::Reason;
use serde_json::{Value, json};

use crate::harness::{Form, SOURCES, TestServer, bundle, bundled, get, key, publish, raw, shared};

/// The members that an error may have.
const MEMBERS: [&str; 11] =
    ["location", "name", "file", "sheet", "line", "column", "value", "reason", "detail", "allowed", "closest"];

/// Checks the form of every error of a problem, and returns the reasons.
fn reasons(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().expect("errors");
    assert!(problem["error_count"].as_u64().is_some_and(|count| count >= errors.len() as u64), "{problem}");
    for gone in ["faults", "count", "fault_count"] {
        assert_eq!(problem.get(gone), None, "{problem}");
    }
    let slugs: Vec<&str> = Reason::ALL.iter().map(|reason| reason.slug()).collect();
    for error in errors {
        for (name, value) in error.as_object().expect("an object") {
            assert!(MEMBERS.contains(&name.as_str()), "{name}: {error}");
            let empty = value.is_null() || *value == json!([]) || (name != "value" && *value == json!(""));
            assert!(!empty, "a member that does not apply is absent: {error}");
        }
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        assert!(slugs.contains(&text("reason")), "{error}");
        assert!(text("detail").len() > 5, "{error}");
        match text("location") {
            "query" | "header" | "body" => assert!(!text("name").is_empty(), "{error}"),
            "file" => assert_eq!(error.get("name"), None, "{error}"),
            other => panic!("the location {other:?} of {error}"),
        }
    }
    errors.iter().map(|error| error["reason"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_wrong_request_tells_where_and_why() {
    let long = "x".repeat(300);
    let many = vec!["DEP-59"; 501].join(",");
    let cases: Vec<(String, &[&str])> = vec![
        ("/v1/territories?populaton=1".to_owned(), &["unknown_parameter"]),
        ("/v1/territories?format=xml".to_owned(), &["unknown_value"]),
        ("/v1/territories?kind=comune".to_owned(), &["unknown_value"]),
        ("/v1/territories?fields=nane".to_owned(), &["unknown_field"]),
        ("/v1/territories?sort=foo".to_owned(), &["unknown_field"]),
        ("/v1/territories?sort=code,code".to_owned(), &["repeated"]),
        ("/v1/territories?fields=code,code".to_owned(), &["repeated"]),
        ("/v1/territories?limit=1&limit=2".to_owned(), &["repeated"]),
        ("/v1/territories?limit=x".to_owned(), &["bad_syntax"]),
        ("/v1/territories?limit=0".to_owned(), &["out_of_range"]),
        ("/v1/territories?limit=1001".to_owned(), &["out_of_range"]),
        ("/v1/territories?population__gte=many".to_owned(), &["bad_syntax"]),
        ("/v1/territories?code=".to_owned(), &["missing"]),
        ("/v1/territories?q=%21".to_owned(), &["missing"]),
        (format!("/v1/territories?name__contains={long}"), &["too_long"]),
        (format!("/v1/territories?within={many}"), &["too_many"]),
        ("/v1/territories?lon=3".to_owned(), &["requires_other"]),
        ("/v1/territories?bbox=1,2,3".to_owned(), &["bad_syntax"]),
        ("/v1/territories?bbox=3,2,1,4".to_owned(), &["out_of_range"]),
        ("/v1/territories?release=1&as_of=2001-01-01".to_owned(), &["not_together"]),
        ("/v1/territories?as_of=yesterday".to_owned(), &["bad_syntax"]),
        ("/v1/territories?as_of=2999-01-01".to_owned(), &["out_of_range"]),
        ("/v1/territories?release=99".to_owned(), &["unknown_release"]),
        ("/v1/territories?geography=1000".to_owned(), &["out_of_range"]),
        ("/v1/territories?geography=today".to_owned(), &["bad_syntax"]),
        ("/v1/territories?code=DEP-5".to_owned(), &["unknown_code"]),
        ("/v1/territories?within=DEP-590,REG-320".to_owned(), &["unknown_code", "unknown_code"]),
        ("/v1/territories?cursor=abc".to_owned(), &["bad_cursor"]),
        ("/v1/observations?vintages=all&compare=region".to_owned(), &["not_together"]),
        ("/v1/changes?since=99".to_owned(), &["unknown_release"]),
        ("/v1/changes?dataset=rien".to_owned(), &["unknown_value"]),
        ("/v1/changes?since=2&until=1".to_owned(), &["out_of_range"]),
        ("/v1?x=1".to_owned(), &["unknown_parameter"]),
        ("/v1/aggregates/observations?by=indicator_code&function=sum".to_owned(), &["not_additive"]),
    ];
    for (target, expected) in &cases {
        let reply = get(bundled(), target);
        assert!([400, 422].contains(&reply.status), "{target}: {}", reply.text());
        let problem = reply.problem(reply.status);
        let found: BTreeSet<String> = reasons(&problem).into_iter().collect();
        assert_eq!(found, expected.iter().map(|reason| (*reason).to_owned()).collect(), "{target}: {problem}");
    }
}

#[test]
fn errors_that_the_list_leaves_out_are_counted() {
    let query: Vec<String> = (0..60).map(|number| format!("x{number}=1")).collect();
    let problem = get(bundled(), &format!("/v1/territories?{}", query.join("&"))).problem(400);
    assert_eq!((problem["errors"].as_array().map(Vec::len), &problem["error_count"]), (Some(50), &json!(60)));
    assert_eq!(problem["detail"], "60 parameters are invalid. The first 50 are listed.");
}

#[test]
fn cursors_of_another_request_and_of_another_program_are_told_apart() {
    let page = get(bundled(), "/v1/territories?limit=1").json();
    let next = page["links"]["next"].as_str().expect("a second page").to_owned();
    let other = get(bundled(), &format!("{next}&sort=name")).problem(400);
    assert_eq!(reasons(&other), ["other_cursor"]);
    let altered = get(bundled(), &format!("{next}A")).problem(400);
    assert_eq!(reasons(&altered), ["bad_cursor"]);
}

#[test]
fn every_wrong_file_tells_where_and_why() {
    let server = TestServer::empty();
    publish(&server.url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    let token = key(&server.url, "tout", &["publish:*:*"], 1);
    let head = "code,kind,name,population,geography_year,status,source_code\n";
    let cases: [(String, &[&str]); 8] = [
        (format!("{head}COM-1,comune,A,1,2026,current,essai\n"), &["unknown_value"]),
        (format!("{head}COM-1,commune,A,x,2026,current,essai\n"), &["bad_syntax"]),
        (format!("{head}COM-1,commune,A,-1,2026,current,essai\n"), &["out_of_range"]),
        (format!("{head}COM-1,commune,,1,2026,current,essai\n"), &["missing"]),
        (format!("{head}COM-1,commune,A,1,2026,current,essais\n"), &["unknown_code"]),
        (format!("{head}COM-1,commune,A,1,2026,current,essai\nCOM-1,commune,B,1,2026,current,essai\n"), &["duplicate_key"]),
        (format!("{head}COM-1,commune,A,1,2026,current,essai,x\n"), &["wrong_width"]),
        (head.replace("name", "nane") + "COM-1,commune,A,1,2026,current,essai\n", &["missing", "unknown_field"]),
    ];
    for (text, expected) in cases {
        let problem = Form::of(&bundle(&[("territories", &text)])).key(&token).send(server.address).problem(422);
        let found: BTreeSet<String> = reasons(&problem).into_iter().collect();
        assert_eq!(found, expected.iter().map(|reason| (*reason).to_owned()).collect(), "{text}: {problem}");
        for error in problem["errors"].as_array().expect("errors") {
            assert_eq!((&error["location"], &error["file"]), (&json!("file"), &json!("territories.csv")), "{problem}");
        }
    }
    let wrong = format!("{head}COM-1,comune,A,1,2026,current,essai\n");
    let problem = Form::of(&bundle(&[("territories", &wrong)])).key(&token).send(server.address).problem(422);
    let error = &problem["errors"][0];
    assert_eq!(
        (&error["line"], &error["column"], &error["value"], &error["closest"][0]),
        (&json!(2), &json!("kind"), &json!("comune"), &json!("commune"))
    );
    assert!(error["allowed"].as_array().is_some_and(|words| words.contains(&json!("epci"))), "{error}");
    let body = Form::default().part("fichier", None, b"x").key(&token).send(server.address).problem(400);
    assert_eq!((&body["errors"][0]["location"], reasons(&body)), (&json!("body"), vec!["unknown_part".to_owned()]));
    let header = Form::of(&bundle(&[("territories", &wrong)])).header("Idempotency-Key", "").key(&token);
    let header = header.send(server.address).problem(400);
    assert_eq!((&header["errors"][0]["location"], &header["errors"][0]["name"]), (&json!("header"), &json!("Idempotency-Key")));
}

/// The `type` of the answers to a wrong request, to one of a handler, and to one that never reaches the application.
fn types(address: SocketAddr) -> Vec<String> {
    let ask = |request: &str| raw(address, request.as_bytes()).json()["type"].as_str().expect("a type").to_owned();
    vec![
        ask(
            "GET /v1/territories?x=1 HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n",
        ),
        ask("GET /rien HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
        ask("NONSENSE\r\n\r\n"),
    ]
}

#[test]
fn the_type_is_the_configured_address_or_that_of_the_socket_and_never_that_of_the_host() {
    let slugs = ["invalid-parameters", "unknown-resource", "malformed-request"];
    let server = TestServer::empty();
    publish(&server.url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    assert_eq!(types(server.address), slugs.map(|slug| format!("http://{}/problems/{slug}", server.address)));
    let url = "https://donnees.example.org/reperes";
    let known = Shared { public_url: Some(url.to_owned()), ..shared(&server.url) };
    assert_eq!(types(TestServer::with(&server.url, known).address), slugs.map(|slug| format!("{url}/problems/{slug}")));
}

#[test]
fn every_reason_is_explained_on_the_page_and_in_the_documentation() {
    let page = get(bundled(), "/problems").text();
    let documentation = include_str!("../../docs/api.md");
    for reason in Reason::ALL {
        assert!(
            page.contains(&format!("<td><code>{}</code></td><td>{}</td>", reason.slug(), reason.meaning())),
            "{}",
            reason.slug()
        );
        assert!(documentation.contains(&format!("| `{}` | {} |", reason.slug(), reason.description())), "{}", reason.slug());
    }
    let rows = documentation.lines().filter(|line| line.starts_with("| `") && line.ends_with(". |")).count();
    assert!(rows >= Reason::ALL.len());
}
