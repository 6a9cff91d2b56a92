//! Owns changes to the OpenAPI document for tests: where an operation, a parameter and a row stand in it.
//! Must not know what the tests look for.

use std::sync::LazyLock;

use serde_json::{Value, json};

/// The document of the repository.
pub fn document() -> Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| super::read("openapi/openapi.json"));
    DOCUMENT.clone()
}

/// The operation of GET at a path.
pub fn operation<'d>(document: &'d mut Value, path: &str) -> &'d mut Value {
    let operation = &mut document["paths"][path]["get"];
    assert!(operation.is_object(), "there is no GET {path}");
    operation
}

/// Follows references from a place, given as a JSON pointer, and gives the pointer of what they lead to.
fn followed(document: &Value, pointer: String) -> String {
    match document.pointer(&pointer).unwrap_or_else(|| panic!("{pointer} is missing"))["$ref"].as_str() {
        Some(target) => followed(document, target[1..].to_owned()),
        None => pointer,
    }
}

/// A parameter of GET at a path.
pub fn parameter<'d>(document: &'d mut Value, path: &str, name: &str) -> &'d mut Value {
    let base = format!("/paths/{}/get/parameters", path.replace('/', "~1"));
    let count = document.pointer(&base).and_then(Value::as_array).expect("parameters").len();
    let places = (0..count).map(|index| followed(document, format!("{base}/{index}")));
    let place = places.into_iter().find(|place| document.pointer(place).is_some_and(|one| one["name"] == name));
    document.pointer_mut(&place.unwrap_or_else(|| panic!("{path} has no parameter {name}"))).expect("it is there")
}

/// The schema of the page of a list.
pub fn page<'d>(document: &'d mut Value, path: &str) -> &'d mut Value {
    let place = page_place(document, path);
    document.pointer_mut(&place).expect("it is there")
}

fn page_place(document: &Value, path: &str) -> String {
    let response = followed(document, format!("/paths/{}/get/responses/200", path.replace('/', "~1")));
    followed(document, format!("{response}/content/application~1json/schema"))
}

/// The schema of the rows of a list.
pub fn row<'d>(document: &'d mut Value, path: &str) -> &'d mut Value {
    let data = followed(document, format!("{}/properties/data", page_place(document, path)));
    let mut place = followed(document, format!("{data}/items"));
    if document.pointer(&place).is_some_and(|items| items.get("anyOf").is_some()) {
        place = followed(document, format!("{place}/anyOf/0"));
    }
    document.pointer_mut(&place).expect("it is there")
}

/// Removes an entry of a list.
pub fn remove(list: &mut Value, is: impl Fn(&Value) -> bool) {
    let all = list.as_array_mut().expect("a list");
    let before = all.len();
    all.retain(|one| !is(one));
    assert!(all.len() < before, "nothing was removed");
}

/// Removes a member of an object.
pub fn drop_member(object: &mut Value, name: &str) {
    assert!(object.as_object_mut().expect("an object").remove(name).is_some(), "there is no {name}");
}

/// Adds an entry to a list, which is made if it is missing.
pub fn add(list: &mut Value, one: Value) {
    match list {
        Value::Array(all) => all.push(one),
        missing => *missing = json!([one]),
    }
}
