//! Counts the pairs of parameters of `/v1/observations` that refuse each other, from the served OpenAPI document.
//!
//! Each parameter of the document is sent with one value that is right alone, `format` with each of its values. A parameter
//! that needs another one (`layout=wide` needs a format for people, `geometry` needs GeoJSON) is sent with it. A pair is
//! refused if both of its halves are answered and the two together are not.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{bundled, get};

/// The most refused pairs: what is left has no meaning, or no place in the format.
const MOST: usize = 20;

/// Values of parameters for which the document has no example, or one that says less.
const VALUES: [(&str, &str); 21] = [
    ("within", "REG-32"),
    ("touching", "REG-32"),
    ("geography", "2020"),
    ("q", "prime"),
    ("last", "1"),
    ("layout", "wide&format=csv"),
    ("compare", "region"),
    ("vintages", "all"),
    ("sort", "-period"),
    ("fields", "indicator_code,territory_code,period,value"),
    ("include", "indicator"),
    ("facets", "nature"),
    ("geometry", "centre&format=geojson"),
    ("limit", "5"),
    ("nature", "observed"),
    ("value", "1"),
    ("rounding", "1"),
    ("source_location", "page"),
    ("note", "x"),
    ("total", "exact"),
    ("convention_code", "convention-bassin-minier"),
];

/// A query that is right alone.
struct Half {
    parameter: String,
    query: String,
}

impl Half {
    /// The parameters that the query gives.
    fn names(&self) -> BTreeSet<&str> {
        self.query.split('&').filter_map(|pair| pair.split('=').next()).collect()
    }
}

fn answered(query: &str) -> bool {
    let reply = get(bundled(), &format!("/v1/observations?{query}"));
    assert!(matches!(reply.status, 200 | 400), "{query}: {}", reply.text());
    reply.status == 200
}

/// The declared parameters of the operation, with references resolved.
fn declared() -> Vec<Value> {
    let document = get(bundled(), "/openapi.json").json();
    let operation = &document["paths"]["/v1/observations"]["get"]["parameters"];
    let resolved = |one: &Value| match one["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("the reference resolves").clone(),
        None => one.clone(),
    };
    operation.as_array().expect("a list").iter().map(resolved).filter(|one| one["in"] == "query").collect()
}

/// The queries to be paired: one for each parameter, and one for each format.
fn halves() -> Vec<Half> {
    let mut halves = Vec::new();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    // The newest release has what every filter names, and its instant reads it.
    let meta = get(bundled(), "/v1/observations?limit=1").json()["meta"].clone();
    let (newest, today) = (text(&meta["release"]), text(&meta["published_at"]));
    for parameter in declared() {
        let name = parameter["name"].as_str().expect("a name").to_owned();
        // A cursor belongs to the request that it came from: links with every parameter are followed by other tests.
        if name == "cursor" {
            continue;
        }
        let mut half = |value: &str| {
            // The filters with an operator are one object, whose members are parameters.
            let query = if name == "filters" { value.to_owned() } else { format!("{name}={value}") };
            assert!(answered(&query), "{query} is not right alone");
            halves.push(Half { parameter: name.clone(), query });
        };
        let given = VALUES.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let words = parameter["schema"]["enum"].as_array().or_else(|| parameter["schema"]["items"]["enum"].as_array());
        match (given, words) {
            _ if name == "as_of" => half(&today),
            _ if name == "release" => half(&newest),
            _ if name == "filters" => half("period__gte=2019"),
            (Some(value), _) => half(value),
            (None, Some(formats)) if name == "format" => {
                formats.iter().filter(|one| **one != "json").for_each(|format| half(&text(format)));
            }
            (None, words) => {
                let example = match (&parameter["example"], &parameter["schema"]["examples"][0]) {
                    (Value::Null, Value::Array(all)) | (Value::Array(all), _) => all.first(),
                    (Value::Null, Value::Null) => None,
                    (Value::Null, one) | (one, _) => Some(one),
                };
                let word = words.and_then(|words| words.last());
                half(&text(example.or(word).unwrap_or_else(|| panic!("`{name}` needs a value of this test"))));
            }
        }
    }
    halves
}

#[test]
fn few_pairs_of_parameters_refuse_each_other() {
    let halves = halves();
    let formats = halves.iter().filter(|half| half.parameter == "format").count();
    assert!(formats >= 7 && halves.len() > formats + 20, "{} halves, {formats} formats", halves.len());
    let (mut pairs, mut refused) = (0, Vec::new());
    for (at, one) in halves.iter().enumerate() {
        for other in halves[at + 1..].iter().filter(|other| one.names().is_disjoint(&other.names())) {
            pairs += 1;
            if answered(&format!("{}&{}", one.query, other.query)) {
                continue;
            }
            // What a companion alone refuses is counted with the companion.
            let companions = |half: &Half, beside: &Half| {
                let more: Vec<&str> = half.query.split('&').skip(1).collect();
                more.is_empty() || answered(&format!("{}&{}", more.join("&"), beside.query))
            };
            if companions(one, other) && companions(other, one) {
                refused.push(format!("{} and {}", one.query, other.query));
            }
        }
    }
    println!("{} of {pairs} pairs of {} queries are refused:\n{}", refused.len(), halves.len(), refused.join("\n"));
    assert!(refused.len() <= MOST, "{} pairs are refused:\n{}", refused.len(), refused.join("\n"));
}
