//! How much there is to learn: operations, parameters and bytes of the OpenAPI document, each with its most.

use std::fs;

use serde_json::Value;

use super::compare::{members, resolve};

/// The most operations of the document.
const OPERATIONS: usize = 80;

/// The most parameters of the list of observations, the one that people must learn.
const PARAMETERS: usize = 40;
const OBSERVATIONS: &str = "GET /v1/observations";

/// The most bytes of the document.
const BYTES: usize = 1_000_000;

/// The operations of a document, each with the names of its parameters.
fn operations(document: &Value) -> Vec<(String, Vec<&str>)> {
    let items = members(&document["paths"]);
    let operations = items.flat_map(|(path, item)| members(item).map(move |(method, operation)| (path, method, operation)));
    operations
        .map(|(path, method, operation)| {
            let all = operation["parameters"].as_array().into_iter().flatten();
            let names = all.filter_map(|one| resolve(document, one).0["name"].as_str()).collect();
            (format!("{} {path}", method.to_uppercase()), names)
        })
        .collect()
}

#[test]
fn the_contract_stays_small_enough_to_learn() {
    let text = fs::read_to_string("openapi/openapi.json").expect("the document");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let mut operations = operations(&document);
    operations.sort_by_key(|(_, parameters)| std::cmp::Reverse(parameters.len()));
    let total: usize = operations.iter().map(|(_, parameters)| parameters.len()).sum();
    println!("{} operations, {total} parameters, {} bytes", operations.len(), text.len());
    operations.iter().for_each(|(operation, parameters)| println!("{:4} {operation}", parameters.len()));
    assert!(operations.len() <= OPERATIONS, "{} operations, at most {OPERATIONS}", operations.len());
    let own = operations.iter().find(|(operation, _)| operation == OBSERVATIONS).map(|(_, parameters)| parameters.len());
    assert!(own.is_some_and(|count| count <= PARAMETERS), "{OBSERVATIONS} has {own:?} parameters, at most {PARAMETERS}");
    assert!(text.len() <= BYTES, "{} bytes, at most {BYTES}", text.len());
}
