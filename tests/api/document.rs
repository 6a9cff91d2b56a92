//! The OpenAPI document is true: the server accepts exactly the parameters that it declares, and real responses match its
//! schemas.

mod answers;
mod clients;
mod growth;

use std::collections::BTreeSet;

use reperes::datasets::REGISTRY;
use reperes::http::openapi::document;
use reperes::query::pairs;
use serde_json::{Value, json};

use crate::harness::four_releases::four_releases;
use crate::harness::{bundled, get};

pub(super) fn document() -> Value {
    serde_json::from_str(&document::text(REGISTRY)).expect("the document is JSON")
}

/// The operations that need no key, by their path, with the parameters that they refer to. The tests of publications cover
/// the operations that need a key.
pub(super) fn operations(document: &Value) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let whole = |parameter: &mut Value| {
        if let Some(reference) = parameter["$ref"].as_str() {
            *parameter = document.pointer(reference.trim_start_matches('#')).expect("the reference resolves").clone();
        }
    };
    let operation = |item: &Value| {
        let mut operation = item["get"].clone();
        operation["parameters"].as_array_mut().into_iter().flatten().for_each(whole);
        operation
    };
    let open = paths.iter().filter(|(_, item)| !item["get"].is_null() && item["get"]["security"].is_null());
    open.map(|(path, item)| (path.clone(), operation(item))).collect()
}

fn parameters(operation: &Value) -> Vec<Value> {
    operation["parameters"].as_array().cloned().unwrap_or_default()
}

/// The query parameters of an operation by name, with their schemas. Each member of an object is a parameter.
fn query_parameters(document: &Value, operation: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for parameter in parameters(operation).iter().filter(|parameter| parameter["in"] == "query") {
        let schema = resolved(document, &parameter["schema"]);
        match schema["properties"].as_object() {
            Some(members) => all.extend(members.iter().map(|(name, member)| (name.clone(), resolved(document, member)))),
            None => all.push((parameter["name"].as_str().expect("a name").to_owned(), schema)),
        }
    }
    all
}

/// What a value stands for: itself, or what it refers to.
fn resolved(document: &Value, value: &Value) -> Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("the reference resolves").clone(),
        None => value.clone(),
    }
}

/// A name in PascalCase.
fn pascal(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// The example of a schema.
fn example(schema: &Value) -> Option<&Value> {
    schema["examples"].as_array()?.first()
}

/// The address of an operation with its path parameters filled with their examples.
pub(super) fn address(path: &str, operation: &Value) -> String {
    let mut address = path.to_owned();
    for parameter in parameters(operation).iter().filter(|p| p["in"] == "path") {
        let name = parameter["name"].as_str().expect("a name");
        assert!(!parameter["example"].is_null(), "{path}: {name} has no example");
        let example = parameter["example"].as_str().map_or_else(|| parameter["example"].to_string(), str::to_owned);
        address = address.replace(&format!("{{{name}}}"), &pairs::encode_segment(&example));
    }
    address
}

/// A value as the text of a query parameter.
fn text(value: &Value) -> String {
    match value {
        Value::Array(all) => all.iter().map(text).collect::<Vec<_>>().join(","),
        Value::String(text) => pairs::encode(text),
        other => other.to_string(),
    }
}

#[test]
fn the_committed_document_is_what_the_program_prints() {
    let committed = std::fs::read_to_string("openapi/openapi.json").expect("the document is committed");
    assert!(committed == document::text(REGISTRY), "run `cargo run -- openapi > openapi/openapi.json`");
    assert_eq!(get(bundled(), "/openapi.json").text(), committed);
}

#[test]
fn every_reference_resolves_and_every_operation_is_described() {
    let document = document();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference} leads nowhere");
    }
    let mut identifiers = BTreeSet::new();
    for (path, operation) in operations(&document) {
        for part in ["summary", "description", "operationId"] {
            assert!(operation[part].as_str().is_some_and(|text| !text.is_empty()), "{path} has no {part}");
        }
        assert!(identifiers.insert(operation["operationId"].to_string()), "{path}: the operationId is taken");
        let tag = operation["tags"][0].clone();
        assert!(document["tags"].as_array().expect("tags").iter().any(|t| t["name"] == tag), "{path}: {tag}");
        assert!(operation["responses"]["500"].is_object() && operation["responses"]["400"].is_object(), "{path}");
    }
    for kind in ["schemas", "parameters", "headers", "responses"] {
        for name in document["components"][kind].as_object().expect("components").keys() {
            assert!(text.contains(&format!("#/components/{kind}/{name}\"")), "{kind}: {name} is not used");
        }
    }
}

#[test]
fn every_documented_example_has_the_documented_response() {
    let document = document();
    for (path, operation) in operations(&document) {
        let address = address(&path, &operation);
        let mut targets = vec![address.clone()];
        for (name, schema) in query_parameters(&document, &operation) {
            targets.extend(example(&schema).map(|example| format!("{address}?{name}={}", text(example))));
        }
        for target in targets {
            let reply = get(bundled(), &target);
            assert_eq!(reply.status, 200, "{target}: {}", reply.text());
            let media = reply.header("content-type").expect("a media type").split(';').next().expect("a media type").to_owned();
            let schema = &operation["responses"]["200"]["content"][&media]["schema"];
            assert!(!schema.is_null(), "{target} answers {media}, which is not documented");
            if media.ends_with("json") {
                validate(&document, schema, &reply.json(), &target);
            }
        }
    }
}

#[test]
fn filters_with_an_example_find_rows() {
    let document = document();
    let mut empty = Vec::new();
    for (path, operation) in operations(&document).into_iter().filter(|(path, _)| path.starts_with("/v1/") && !path.contains('{'))
    {
        for (name, schema) in query_parameters(&document, &operation).iter().filter(|(_, schema)| schema["type"] == "array") {
            let Some(example) = example(schema) else { continue };
            let target = format!("{path}?{name}={}", text(example));
            if get(bundled(), &target).data().as_array().is_some_and(Vec::is_empty) {
                empty.push(target);
            }
        }
    }
    assert!(empty.is_empty(), "these find nothing: {empty:#?}");
}

#[test]
fn the_server_accepts_exactly_the_declared_parameters() {
    let document = document();
    let candidates: BTreeSet<String> = operations(&document)
        .iter()
        .flat_map(|(_, operation)| query_parameters(&document, operation))
        .map(|(name, _)| name)
        .collect();
    for (path, operation) in operations(&document).into_iter().filter(|(path, _)| path.starts_with("/v1/")) {
        let declared: BTreeSet<String> = query_parameters(&document, &operation).into_iter().map(|(name, _)| name).collect();
        let address = address(&path, &operation);
        let query: Vec<String> = candidates.iter().map(|name| format!("{}=%20", pairs::encode(name))).collect();
        for chunk in query.chunks(40) {
            let reply = get(bundled(), &format!("{address}?{}", chunk.join("&")));
            let problem = reply.problem(400);
            let unknown: BTreeSet<String> = problem["errors"]
                .as_array()
                .expect("faults")
                .iter()
                .filter(|f| f["detail"].as_str().is_some_and(|d| d.contains("is not a parameter")))
                .map(|f| f["name"].as_str().expect("a name").to_owned())
                .collect();
            let expected: BTreeSet<String> = chunk
                .iter()
                .filter_map(|pair| pair.split('=').next().map(str::to_owned))
                .filter(|name| !declared.contains(name))
                .collect();
            assert!(unknown.is_subset(&expected), "{path} refuses {:?}, which it declares", unknown.difference(&expected));
            assert!(unknown == expected, "{path} accepts {:?}, which it does not declare", expected.difference(&unknown));
        }
    }
}

#[test]
fn texts_are_accepted_up_to_their_declared_length() {
    let document = document();
    let mut tried = 0;
    for (path, operation) in operations(&document).into_iter().filter(|(path, _)| path.starts_with("/v1/") && !path.contains('{'))
    {
        let free: Vec<(String, usize)> = query_parameters(&document, &operation)
            .into_iter()
            .filter_map(|(name, schema)| {
                let one = if schema["type"] == "array" { resolved(&document, &schema["items"]) } else { schema };
                let is_free = one["enum"].is_null() && one["pattern"].as_str().is_some_and(|pattern| pattern.contains(r"\u009f"));
                Some((name, usize::try_from(one["maxLength"].as_u64()?).expect("a length")))
                    .filter(|(_, most)| is_free && *most < pairs::QUERY_LENGTH)
            })
            .collect();
        for chunk in free.chunks(20) {
            let faults = |longer: usize| -> BTreeSet<String> {
                let pairs: Vec<String> =
                    chunk.iter().map(|(name, most)| format!("{name}={}", "a".repeat(most + longer))).collect();
                let reply = get(bundled(), &format!("{path}?limit=0&{}", pairs.join("&")));
                let long = |fault: &&Value| {
                    fault["detail"].as_str().is_some_and(|detail| detail.contains("longer than") || detail.contains("characters"))
                };
                let all = reply.problem(400)["errors"].as_array().expect("faults").clone();
                all.iter().filter(long).map(|fault| fault["name"].as_str().expect("a name").to_owned()).collect()
            };
            assert_eq!(faults(0), BTreeSet::new(), "{path}");
            assert_eq!(faults(1), chunk.iter().map(|(name, _)| name.clone()).collect(), "{path}");
            tried += chunk.len();
        }
    }
    assert!(tried > 50, "only {tried} parameters take free text");
}

#[test]
fn problem_types_match_the_document_and_have_an_explanation() {
    let document = document();
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    for (target, status) in [("/v1/territories?limit=0&x=1", 400), ("/v1/territories/rien", 404), ("/rien", 404)] {
        let problem = get(bundled(), target).problem(status);
        validate(&document, &schema, &problem, target);
        let page = get(bundled(), problem["type"].as_str().expect("an address"));
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(page.text().contains(problem["title"].as_str().expect("a title")));
    }
    for target in ["/v1/actors/goes", "/v1/actors/quits"] {
        validate(&document, &schema, &four_releases().get(target).problem(410), target);
    }
    for kind in reperes::problem::Kind::ALL {
        assert_eq!(get(bundled(), kind.uri()).status, 200);
    }
    assert_eq!(get(bundled(), "/problems/invalid-parameter").problem(404)["closest"][0], "/problems/invalid-parameters");
}

#[test]
fn the_documentation_loads_nothing_from_other_hosts() {
    let page = get(bundled(), "/docs/");
    assert_eq!(page.status, 200);
    assert_eq!(get(bundled(), "/docs").header("location"), Some("/docs/"));
    for asset in
        page.text().split(['"', '\'']).filter(|part| part.ends_with(".js") || part.ends_with(".css") || part.ends_with(".png"))
    {
        assert!(!asset.contains("//"), "{asset} is elsewhere");
        assert_eq!(get(bundled(), &format!("/docs/{}", asset.trim_start_matches("./"))).status, 200, "{asset}");
    }
    assert!(get(bundled(), "/docs/swagger-initializer.js").text().contains("/openapi.json"));
    get(bundled(), "/docs/../Cargo.toml").problem(404);
}

pub(super) fn validate(document: &Value, schema: &Value, instance: &Value, what: &str) {
    let mut whole = schema.clone();
    whole["components"] = document["components"].clone();
    let validator = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&whole)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let faults: Vec<String> =
        validator.iter_errors(instance).take(3).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(faults.is_empty(), "{what}: {faults:?}");
}
