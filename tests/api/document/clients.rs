//! A client that was made from today's document, and ignores what it does not know, goes on working when members, values,
//! problem types and datasets are added: grown answers are valid by today's schemas.

use serde_json::{Value, json};

use super::{address, document, operations, resolved, validate};
use crate::harness::{bundled, get};

/// The name of everything that is added.
const NOVELTY: &str = "novelty";

/// How much was added to an answer.
#[derive(Default)]
struct Grown {
    members: usize,
    words: usize,
}

/// Adds a member to each object, and puts a new word in place of each one of an open list.
fn grow(document: &Value, schema: &Value, value: &mut Value, grown: &mut Grown) {
    let schema = resolved(document, schema);
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let described = [&schema["properties"][name], &schema["additionalProperties"]];
                if let Some(own) = described.into_iter().find(|own| own.is_object()) {
                    grow(document, own, member, grown);
                }
            }
            // The other members of such an object are named after data, and described.
            if !schema["additionalProperties"].is_object() {
                members.insert(NOVELTY.to_owned(), json!({"since": [1, null, "text"]}));
                grown.members += 1;
            }
        }
        Value::Array(words) if is_open(&schema) => {
            words.push(json!(NOVELTY));
            grown.words += 1;
        }
        Value::Array(all) => all.iter_mut().for_each(|one| grow(document, &schema["items"], one, grown)),
        Value::String(word) if is_open(&schema) => {
            NOVELTY.clone_into(word);
            grown.words += 1;
        }
        _ => {}
    }
}

/// Whether a value is a word, or several, of a list that may grow.
fn is_open(schema: &Value) -> bool {
    schema["description"].as_str().is_some_and(|text| text.contains("Open list"))
}

#[test]
fn answers_that_have_grown_are_valid_by_the_schemas_of_today() {
    let document = document();
    let mut grown = Grown::default();
    for (path, operation) in operations(&document) {
        let target = address(&path, &operation);
        let reply = get(bundled(), &target);
        let Some(media) = reply.header("content-type").and_then(|media| media.split(';').next()) else { continue };
        let schema = resolved(&document, &operation["responses"]["200"])["content"][media]["schema"].clone();
        if reply.status == 200 && media.ends_with("json") && schema.is_object() && path != "/openapi.json" {
            let mut answer = reply.json();
            grow(&document, &schema, &mut answer, &mut grown);
            validate(&document, &schema, &answer, &target);
        }
    }
    assert!(grown.members > 1000 && grown.words > 50, "{} members, {} words", grown.members, grown.words);
}

#[test]
fn a_new_problem_type_with_a_new_reason_is_valid_by_the_schema_of_today() {
    let document = document();
    let mut problem = get(bundled(), "/v1/territories?knd=commune").problem(400);
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    validate(&document, &schema, &problem, "a problem");
    problem["type"] = json!("https://example.org/problems/novelty");
    problem["title"] = json!("Novelty");
    problem["status"] = json!(451);
    problem["errors"][0]["reason"] = json!(NOVELTY);
    problem["errors"][0]["location"] = json!(NOVELTY);
    grow(&document, &schema, &mut problem, &mut Grown::default());
    validate(&document, &schema, &problem, "a grown problem");
}

#[test]
fn a_new_dataset_appears_at_v1_and_in_the_changes_as_the_schemas_of_today_allow() {
    let document = document();
    let schema = |path: &str| {
        let operation = &document["paths"][path]["get"];
        resolved(&document, &operation["responses"]["200"])["content"]["application/json"]["schema"].clone()
    };
    let mut index = get(bundled(), "/v1").json();
    let mut entry = index["data"][0].clone();
    entry["name"] = json!("novelties");
    entry["href"] = json!("/v1/novelties");
    index["data"].as_array_mut().expect("a list").push(entry);
    validate(&document, &schema("/v1"), &index, "the index");
    let mut changes = get(bundled(), "/v1/changes?limit=1").json();
    changes["data"][0]["dataset"] = json!("novelties");
    changes["data"][0]["op"] = json!(NOVELTY);
    changes["data"][0]["row"] = json!({"code": NOVELTY});
    validate(&document, &schema("/v1/changes"), &changes, "the changes");
}

#[test]
fn requests_stay_strict() {
    for target in ["/v1/territories?novelty=1", "/v1/territories?kind=novelty", "/v1/territories?format=novelty"] {
        get(bundled(), target).problem(400);
    }
    get(bundled(), "/v1/novelties").problem(404);
}
