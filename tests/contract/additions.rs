//! What may be added at any time (docs/contract.md) is no breaking change.

use serde_json::{Value, json};

use super::compare::breaking;
use super::edit::{add, document, operation, page, parameter, row};

const TERRITORIES: &str = "/v1/territories";
const CHANGES: &str = "/v1/changes";

/// What is added, and how.
type Addition<'a> = (&'a str, &'a dyn Fn(&mut Value));

#[test]
fn nothing_that_may_be_added_is_reported() {
    let text = || json!({"type": "string"});
    let additions: [Addition<'_>; 14] = [
        ("an address", &|new| new["paths"]["/v1/novelties"] = new["paths"][TERRITORIES].clone()),
        ("a method", &|new| new["paths"][TERRITORIES]["post"] = json!({"responses": {"201": {"description": "x"}}})),
        ("an optional parameter", &|new| {
            add(&mut operation(new, TERRITORIES)["parameters"], json!({"name": "novelty", "in": "query", "schema": text()}));
        }),
        ("a value of a parameter", &|new| {
            let pattern = &mut parameter(new, CHANGES, "format")["schema"]["pattern"];
            *pattern = json!(pattern.as_str().expect("a pattern").replace("|ndjson", "|ndjson|novelty"));
        }),
        ("a higher limit", &|new| parameter(new, CHANGES, "limit")["schema"]["maximum"] = json!(1_000_000)),
        ("a parameter that takes more types", &|new| {
            parameter(new, CHANGES, "limit")["schema"]["type"] = json!(["integer", "string"]);
        }),
        ("a field", &|new| row(new, TERRITORIES)["properties"]["novelty"] = text()),
        ("a required member of an answer", &|new| add(&mut row(new, TERRITORIES)["required"], json!("name"))),
        ("a member of a page", &|new| page(new, TERRITORIES)["properties"]["novelty"] = text()),
        ("an example of an open list", &|new| {
            add(&mut row(new, TERRITORIES)["properties"]["status"]["examples"], json!("novelty"));
        }),
        ("a status", &|new| operation(new, TERRITORIES)["responses"]["451"] = json!({"description": "x"})),
        ("a header", &|new| {
            operation(new, "/v1/releases.atom")["responses"]["200"]["headers"]["Novelty"] = json!({"schema": text()});
        }),
        ("a media type", &|new| {
            operation(new, "/v1/releases.atom")["responses"]["200"]["content"]["text/novelty"] = json!({"schema": text()});
        }),
        ("a description", &|new| operation(new, TERRITORIES)["description"] = json!("Other words.")),
    ];
    let old = document();
    for (what, change) in additions {
        let mut new = document();
        change(&mut new);
        assert_ne!(old, new, "{what}: the document was not changed");
        assert_eq!(breaking(&old, &new), Vec::<String>::new(), "{what}");
    }
    assert_eq!(breaking(&old, &old), Vec::<String>::new());
}

#[test]
fn a_dataset_is_added_with_its_schemas() {
    let (old, mut new) = (document(), document());
    let row = json!({"type": "object", "properties": {"code": {"type": "string"}}});
    new["components"]["schemas"]["Novelty"] = row;
    for (path, kind) in [("/v1/novelties", "array"), ("/v1/novelties/{novelty_code}", "object")] {
        let schema = json!({"type": kind, "items": {"$ref": "#/components/schemas/Novelty"}});
        let answer = json!({"description": "x", "content": {"application/json": {"schema": schema}}});
        new["paths"][path] = json!({"get": {"operationId": path, "responses": {"200": answer}}});
    }
    assert_eq!(breaking(&old, &new), Vec::<String>::new());
}
