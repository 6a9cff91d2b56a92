//! The comparison finds every kind of breaking change, and names it.

use serde_json::{Value, json};

use super::compare::breaking;
use super::edit::{add, document, drop_member, operation, page, parameter, remove, row};

const TERRITORIES: &str = "/v1/territories";
const CHANGES: &str = "/v1/changes";

/// The ends of what is found after a change to the document, without where it was found.
fn found(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let (old, mut new) = (document(), document());
    change(&mut new);
    assert_ne!(old, new, "the document was not changed");
    let mut ends: Vec<String> =
        breaking(&old, &new).into_iter().map(|text| text.rsplit_once(": ").expect("a place").1.to_owned()).collect();
    ends.dedup();
    ends
}

#[test]
fn each_kind_of_breaking_change_of_addresses_and_parameters_is_found() {
    assert_eq!(found(|new| drop_member(&mut new["paths"], "/v1/indicators/{indicator_code}")), ["removed"]);
    assert_eq!(found(|new| operation(new, TERRITORIES)["operationId"] = json!("getAll")), ["operationId changed"]);
    assert_eq!(
        found(|new| {
            let own = resolved_parameters(new, TERRITORIES);
            operation(new, TERRITORIES)["parameters"] = own;
            remove(&mut operation(new, TERRITORIES)["parameters"], |one| one["name"] == "sort");
        }),
        ["parameter sort removed"]
    );
    assert_eq!(
        found(|new| add(
            &mut operation(new, TERRITORIES)["parameters"],
            json!({"name": "token", "in": "query", "required": true, "schema": {"type": "string"}})
        )),
        ["required parameter token added"]
    );
    assert_eq!(found(|new| parameter(new, CHANGES, "limit")["required"] = json!(true)), ["became required"]);
    assert_eq!(found(|new| parameter(new, CHANGES, "limit")["schema"]["type"] = json!("string")), ["type changed"]);
    assert_eq!(found(|new| parameter(new, CHANGES, "limit")["schema"]["maximum"] = json!(5)), ["maximum narrowed"]);
    assert_eq!(found(|new| parameter(new, CHANGES, "limit")["schema"]["minimum"] = json!(50)), ["minimum narrowed"]);
    assert_eq!(found(|new| parameter(new, CHANGES, "limit")["schema"]["default"] = json!(7)), ["default changed"]);
    assert_eq!(found(|new| parameter(new, CHANGES, "limit")["style"] = json!("pipeDelimited")), ["is written in another way"]);
    assert_eq!(
        found(|new| {
            let pattern = &mut parameter(new, CHANGES, "format")["schema"]["pattern"];
            *pattern = json!(pattern.as_str().expect("a pattern").replace("|ndjson", ""));
        }),
        ["value \"ndjson\" removed"]
    );
    assert_eq!(found(|new| parameter(new, CHANGES, "cursor")["schema"]["pattern"] = json!("^[a-f]+$")), ["pattern changed"]);
    assert_eq!(found(|new| parameter(new, CHANGES, "since")["schema"]["enum"] = json!([1])), ["list of values closed"]);
}

#[test]
fn each_kind_of_breaking_change_of_answers_is_found() {
    assert_eq!(found(|new| drop_member(&mut row(new, TERRITORIES)["properties"], "name")), ["member name removed"]);
    assert_eq!(found(|new| row(new, TERRITORIES)["properties"]["population"]["type"] = json!("string")), ["type changed"]);
    assert_eq!(
        found(|new| row(new, TERRITORIES)["properties"]["code"]["type"] = json!(["string", "null"])),
        ["type changed"],
        "a member that was never null"
    );
    assert_eq!(found(|new| row(new, TERRITORIES)["additionalProperties"] = json!(false)), ["closed"]);
    assert_eq!(found(|new| row(new, TERRITORIES)["properties"]["name"]["enum"] = json!(["Nord"])), ["list of values closed"]);
    assert_eq!(found(|new| row(new, TERRITORIES)["properties"]["population"]["format"] = json!("int32")), ["format changed"]);
    assert_eq!(
        found(|new| remove(&mut page(new, TERRITORIES)["required"], |one| one == "data")),
        ["member data became optional"]
    );
    assert_eq!(found(|new| drop_member(&mut page(new, TERRITORIES)["properties"], "links")), ["member links removed"]);
    assert_eq!(found(|new| drop_member(&mut operation(new, "/openapi.json")["responses"], "200")), ["status removed"]);
    assert_eq!(
        found(|new| drop_member(&mut operation(new, "/v1/releases.atom")["responses"]["200"]["content"], "application/atom+xml")),
        ["media type application/atom+xml removed"]
    );
}

#[test]
fn closed_lists_and_headers_of_answers_are_kept() {
    let list = |words: Value, headers: Value| {
        let schema = json!({"type": "string", "enum": words});
        let content = json!({"application/json": {"schema": schema}});
        json!({"paths": {"/x": {"get": {"responses": {"200": {"headers": headers, "content": content}}}}}})
    };
    let old = list(json!(["a", "b"]), json!({"Link": {"schema": {"type": "string"}}}));
    let at = "GET /x 200 application/json";
    for (words, change) in [
        (json!(["a"]), format!("{at}: value \"b\" removed")),
        (json!(["a", "b", "c"]), format!("{at}: value \"c\" added to a closed list")),
        (Value::Null, format!("{at}: list of values opened")),
    ] {
        assert_eq!(breaking(&old, &list(words, old["paths"]["/x"]["get"]["responses"]["200"]["headers"].clone())), [change]);
    }
    assert_eq!(breaking(&old, &list(json!(["a", "b"]), json!({}))), ["GET /x 200: header Link removed"]);
    let typed = list(json!(["a", "b"]), json!({"Link": {"schema": {"type": "integer"}}}));
    assert_eq!(breaking(&old, &typed), ["GET /x 200 header Link: type changed"]);
}

#[test]
fn an_experimental_operation_may_change_and_a_stable_one_is_named_once_for_all_that_share_it() {
    let shared = json!({"$ref": "#/components/parameters/Limit"});
    let document = |limit: i64, stability: &str| {
        json!({
            "paths": {
                "/a": {"get": {"parameters": [shared], "x-stability": stability}},
                "/b": {"get": {"parameters": [shared], "x-stability": stability}},
            },
            "components": {"parameters": {"Limit": {"name": "limit", "in": "query", "schema": {"maximum": limit}}}},
        })
    };
    assert_eq!(breaking(&document(9, "stable"), &document(8, "stable")), ["parameters/Limit: maximum narrowed"]);
    assert!(breaking(&document(9, "experimental"), &document(8, "experimental")).is_empty());
    assert!(breaking(&document(9, "experimental"), &json!({"paths": {}})).is_empty());
}

/// The parameters of an operation without references, so that one of them can be removed from this operation alone.
fn resolved_parameters(document: &Value, path: &str) -> Value {
    let list = document["paths"][path]["get"]["parameters"].as_array().expect("parameters");
    list.iter().map(|one| super::compare::resolve(document, one).0.clone()).collect()
}
