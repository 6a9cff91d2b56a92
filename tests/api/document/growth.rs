//! The document leaves room to grow: answers are open, names are stable and their own, and it stays small.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{document, operations};

/// The most bytes of the document.
const MOST_BYTES: usize = 1_000_000;

/// The most parameters of one operation, and of observations; an object of filters is one.
const MOST_PARAMETERS: (usize, usize) = (55, 40);

/// Calls `look` with each schema below a value that is part of an answer, references followed, with its path.
fn schemas_of_answers(document: &Value, mut look: impl FnMut(&Value, &str)) {
    let mut seen = BTreeSet::new();
    let mut left: Vec<(Value, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            left.push((operation["responses"].clone(), format!("{method} {path}")));
        }
    }
    while let Some((value, place)) = left.pop() {
        look(&value, &place);
        if let Some(reference) = value["$ref"].as_str() {
            if seen.insert(reference.to_owned()) {
                let found = document.pointer(reference.trim_start_matches('#')).expect("the reference resolves");
                left.push((found.clone(), reference.to_owned()));
            }
            continue;
        }
        match &value {
            Value::Object(members) => {
                let inner = members.iter().filter(|(name, _)| !["example", "examples"].contains(&name.as_str()));
                left.extend(inner.map(|(name, value)| (value.clone(), format!("{place}/{name}"))));
            }
            Value::Array(all) => left.extend(all.iter().map(|value| (value.clone(), place.clone()))),
            _ => {}
        }
    }
}

#[test]
fn answers_have_no_closed_object_and_no_closed_list_of_words() {
    let document = document();
    let mut looked = 0;
    schemas_of_answers(&document, |schema, place| {
        looked += 1;
        assert_ne!(schema["additionalProperties"], Value::Bool(false), "{place} is closed");
        assert_ne!(schema["unevaluatedProperties"], Value::Bool(false), "{place} is closed");
        assert!(!schema["enum"].is_array(), "{place} is a closed list: {}", schema["enum"]);
        let words = schema["pattern"].as_str().filter(|pattern| pattern.contains('|') && pattern.starts_with("^("));
        assert_eq!(words, None, "{place} is a closed list");
    });
    assert!(looked > 1000, "only {looked} parts of answers were looked at");
}

#[test]
fn rows_require_their_key_and_envelopes_their_members_alone() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    for dataset in reperes::datasets::collections() {
        let name = super::pascal(dataset.singular);
        let required = |schema: &Value| -> BTreeSet<String> {
            let all = schema["required"].as_array().into_iter().flatten();
            all.map(|name| name.as_str().expect("a name").to_owned()).collect()
        };
        let key: BTreeSet<String> =
            dataset.code_field().into_iter().chain(dataset.key_fields()).map(|f| f.name.to_owned()).collect();
        assert_eq!(required(&schemas[&name]), key, "{name}");
        let envelope: BTreeSet<String> = ["data", "meta", "links"].map(str::to_owned).into();
        for suffix in ["Page", "Item"] {
            assert_eq!(required(&schemas[&format!("{name}{suffix}")]), envelope, "{name}{suffix}");
        }
        let row = format!("#/components/schemas/{name}");
        assert_eq!(schemas[&format!("{name}Page")]["properties"]["data"]["items"]["$ref"], row.as_str());
        assert_eq!(schemas[&format!("{name}Item")]["properties"]["data"]["$ref"], row.as_str());
    }
}

#[test]
fn names_are_in_one_case_and_never_alike() {
    let document = document();
    for kind in ["schemas", "parameters", "responses"] {
        let mut alike = BTreeMap::new();
        for name in document["components"][kind].as_object().expect("components").keys() {
            assert!(
                name.chars().all(|c| c.is_ascii_alphanumeric()) && name.starts_with(|c: char| c.is_ascii_uppercase()),
                "{name}"
            );
            let other = alike.insert(name.to_lowercase(), name);
            assert_eq!(other, None, "{kind}: {name}");
        }
    }
    let identifiers: Vec<String> = document["paths"]
        .as_object()
        .expect("paths")
        .values()
        .flat_map(|item| item.as_object().expect("operations").values())
        .map(|operation| operation["operationId"].as_str().expect("an identifier").to_owned())
        .collect();
    let distinct: BTreeSet<String> = identifiers.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(distinct.len(), identifiers.len());
    for name in &identifiers {
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()) && name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
    }
    assert!(document["info"]["title"].as_str().is_some_and(str::is_ascii), "packages are named after the title");
    assert_eq!(document["info"]["version"], "1.0.0");
}

#[test]
fn no_schema_has_a_title() {
    fn look(schema: &Value, place: &str) {
        assert!(!schema["title"].is_string(), "{place} has a title: generated clients drop answers whose titles are equal");
        match schema {
            Value::Object(members) => {
                for (name, value) in members.iter().filter(|(name, _)| !["example", "examples"].contains(&name.as_str())) {
                    look(value, &format!("{place}/{name}"));
                }
            }
            Value::Array(all) => all.iter().for_each(|value| look(value, place)),
            _ => {}
        }
    }
    look(&document()["components"]["schemas"], "schemas");
}

#[test]
fn a_path_parameter_never_has_the_name_of_a_query_parameter() {
    let document = document();
    for (path, operation) in operations(&document) {
        let of = |place: &str| -> BTreeSet<String> {
            let all = super::parameters(&operation).into_iter().filter(|parameter| parameter["in"] == place);
            all.map(|parameter| parameter["name"].as_str().expect("a name").to_owned()).collect()
        };
        let declared: BTreeSet<String> =
            super::query_parameters(&document, &operation).into_iter().map(|(name, _)| name).chain(of("query")).collect();
        assert!(of("path").is_disjoint(&declared), "{path}");
        let named: BTreeSet<String> =
            path.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect();
        assert_eq!(of("path"), named, "{path}");
        assert!(!path.contains("{code}"), "{path}");
        assert!(of("header").is_empty(), "{path}: headers of reads are described once, in words");
    }
}

#[test]
fn the_document_is_small_and_json_comes_first() {
    let text = reperes::http::openapi::document::text(reperes::datasets::REGISTRY);
    assert!(text.len() <= MOST_BYTES, "{} bytes", text.len());
    let document = document();
    for (path, operation) in operations(&document) {
        let count = super::parameters(&operation).len();
        let most = if path == "/v1/observations" { MOST_PARAMETERS.1 } else { MOST_PARAMETERS.0 };
        assert!(count <= most, "{path} has {count} parameters");
    }
    let mut found = 0;
    for content in text.split("\"content\": {").skip(1) {
        let first = content.split('"').nth(1).expect("a media type");
        let (mut depth, mut end) = (1, content.len());
        for (at, c) in content.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth == 0 {
                end = at;
                break;
            }
        }
        let has_json = content[..end].contains("\"application/json\": {");
        assert!(!has_json || first == "application/json", "{first} stands before application/json");
        found += usize::from(has_json);
    }
    assert!(found > 50, "only {found} answers are JSON");
}
