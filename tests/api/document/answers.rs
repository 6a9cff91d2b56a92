//! What the document says of answers is what the server sends: headers, 304, 206, and the examples.

use std::collections::BTreeSet;

use reperes::datasets::collections;
use reperes::query::Kind;
use serde_json::Value;

use super::{address, document, operations, resolved, validate};
use crate::harness::{Reply, ask, bundled, get};

/// Headers that any response may have: those of HTTP messages, and of browser security.
const USUAL: [&str; 11] = [
    "date",
    "connection",
    "content-type",
    "content-length",
    "transfer-encoding",
    "keep-alive",
    "access-control-expose-headers",
    "x-content-type-options",
    "content-security-policy",
    "referrer-policy",
    "cross-origin-resource-policy",
];

fn check_headers(document: &Value, operation: &Value, reply: &Reply, what: &str) {
    let described = resolved(document, &operation["responses"][reply.status.to_string()]);
    assert!(described.is_object(), "{what}: {} is not described", reply.status);
    let declared: BTreeSet<String> =
        described["headers"].as_object().expect("headers").keys().map(|name| name.to_lowercase()).collect();
    let sent: BTreeSet<String> = reply.headers.iter().map(|(name, _)| name.to_lowercase()).collect();
    let undeclared: Vec<&String> =
        sent.iter().filter(|name| !declared.contains(*name) && !USUAL.contains(&name.as_str())).collect();
    assert!(undeclared.is_empty(), "{what}: {} has {undeclared:?}, which is not described", reply.status);
}

#[test]
fn every_header_that_is_sent_is_described() {
    let document = document();
    for (path, operation) in operations(&document) {
        let target = address(&path, &operation);
        let first = get(bundled(), &target);
        check_headers(&document, &operation, &first, &target);
        check_headers(&document, &operation, &get(bundled(), &format!("{target}?rien=1")), &target);
        if let Some(tag) = first.header("etag") {
            let again = ask(bundled(), "GET", &target, &[format!("If-None-Match: {tag}")]);
            assert_eq!(again.status, 304, "{target}");
            check_headers(&document, &operation, &again, &target);
        } else {
            assert!(operation["responses"]["304"].is_null(), "{target} has no validator");
        }
        let content = resolved(&document, &operation["responses"]["200"])["content"].clone();
        for media_type in content.as_object().expect("representations").keys() {
            let reply = ask(bundled(), "GET", &target, &[format!("Accept: {media_type}")]);
            check_headers(&document, &operation, &reply, &format!("{target} as {media_type}"));
        }
        let part = ask(bundled(), "GET", &target, &["Range: bytes=0-9".to_owned()]);
        assert_eq!(part.status == 206, !operation["responses"]["206"].is_null(), "{target}");
        check_headers(&document, &operation, &part, &format!("a part of {target}"));
    }
}

#[test]
fn every_example_of_an_answer_matches_its_schema() {
    let document = document();
    let mut found = 0;
    for (path, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().expect("responses") {
            for (media_type, content) in resolved(&document, response)["content"].as_object().into_iter().flatten() {
                let several = content["examples"].as_object().into_iter().flatten().map(|(_, one)| &one["value"]);
                for example in several.chain(content.get("example")) {
                    validate(&document, &content["schema"], example, &format!("{path}: {status} as {media_type}"));
                    found += 1;
                }
            }
        }
    }
    assert!(found > 100, "only {found} examples");
}

#[test]
fn every_list_and_row_has_an_example_with_all_fields() {
    let document = document();
    for dataset in collections() {
        let code = dataset.code_field().expect("every dataset has a code").name;
        let names: BTreeSet<&str> = dataset.fields.iter().map(|field| field.name).collect();
        let item = format!("/v1/{}/{{{}_{code}}}", dataset.name, dataset.singular);
        for (path, pointer) in [(format!("/v1/{}", dataset.name), "/data/0"), (item, "/data")] {
            let example = &document["paths"][&path]["get"]["responses"]["200"]["content"]["application/json"]["example"];
            let row = example.pointer(pointer).and_then(Value::as_object).unwrap_or_else(|| panic!("{path} has no example"));
            assert_eq!(row.keys().map(String::as_str).collect::<BTreeSet<_>>(), names, "{path}");
        }
    }
}

#[test]
fn every_operation_as_it_stands_answers_with_rows() {
    let document = document();
    for (path, operation) in operations(&document) {
        let target = address(&path, &operation);
        let reply = get(bundled(), &target);
        assert_eq!(reply.status, 200, "{target}");
        let prefilled = super::parameters(&operation).into_iter().filter(|p| p["in"] == "query" && p["required"] != true);
        for parameter in prefilled {
            let example = &parameter["example"];
            let empty = example.is_null() || example.as_object().is_some_and(serde_json::Map::is_empty);
            assert!(empty && parameter["schema"]["default"].is_null(), "{path}: {} is prefilled", parameter["name"]);
        }
        if path.starts_with("/v1/") && reply.header("content-type").is_some_and(|media| media.starts_with("application/json")) {
            let body = reply.json();
            let empty = body["data"].as_array().is_some_and(Vec::is_empty) || body["data"].is_null();
            assert!(!empty, "{target} gives no rows");
        }
    }
}

#[test]
fn filters_are_understood_as_members_of_an_object_too() {
    let document = document();
    for dataset in collections() {
        let path = format!("/v1/{}", dataset.name);
        let name = format!("{}Filters", super::pascal(dataset.singular));
        for (member, schema) in document["components"]["schemas"][&name]["properties"].as_object().into_iter().flatten() {
            let field = dataset.field(member.split("__").next().expect("a name")).expect("a field");
            let least = if let Kind::Integer { minimum, .. } = field.kind { minimum.max(0).to_string() } else { String::new() };
            let value = match resolved(&document, schema)["type"].as_str() {
                Some("boolean") => "false",
                Some("integer") => &least,
                _ if schema["$ref"].as_str().is_some_and(|kind| kind.ends_with("FilterInstant")) => "2020-01-01T00:00:00Z",
                _ if schema["$ref"]
                    .as_str()
                    .is_some_and(|kind| kind.ends_with("FilterText") || kind.ends_with("FilterValues")) =>
                {
                    continue;
                }
                _ if schema["$ref"].as_str().is_some_and(|kind| kind.ends_with("FilterDecimal")) => "1",
                _ => "2020-01-01",
            };
            let [plain, nested] = [format!("{member}={value}"), format!("filters%5B{member}%5D={value}")]
                .map(|query| get(bundled(), &format!("{path}?limit=1&{query}")).json()["links"]["self"].clone());
            assert!(plain.is_string() && plain == nested, "{path}: {member}");
        }
    }
    let object = get(bundled(), "/v1/territories?filters=%5Bobject%20Object%5D").problem(400);
    assert!(object["errors"][0]["detail"].as_str().is_some_and(|detail| detail.contains("under its own name")), "{object}");
    for unknown in ["filters%5Bnothing__gte%5D=1", "filters%5Blimit%5D=1", "filters=1"] {
        get(bundled(), &format!("/v1/territories?{unknown}")).problem(400);
    }
}
