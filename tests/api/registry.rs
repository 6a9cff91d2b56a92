//! Rules that hold for every dataset of the registry.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::net::SocketAddr;

use reperes::datasets::{REGISTRY, collections};
use reperes::query::{Dataset, Field, Kind, RowOrigin, pairs};
use serde_json::Value;

use crate::harness::{bundled, get, head, send};

/// The rows of the first page of a collection.
fn sample(address: SocketAddr, dataset: &Dataset) -> Vec<Value> {
    let rows = get(address, &format!("/v1/{}?limit=1000", dataset.name)).data();
    let rows = rows.as_array().expect("a list").clone();
    assert!(!rows.is_empty(), "{} is empty", dataset.name);
    rows
}

/// The values of a filter that select a row with this value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

fn code(dataset: &Dataset, row: &Value) -> String {
    let field = dataset.code_field().expect("every dataset has a code");
    texts(&row[field.name]).remove(0)
}

#[test]
fn rows_have_every_field_in_order_and_never_an_empty_required_one() {
    for dataset in collections() {
        let names: Vec<&str> = dataset.fields.iter().map(|field| field.name).collect();
        let body = get(bundled(), &format!("/v1/{}?limit=1", dataset.name)).text();
        let places: Vec<usize> =
            names.iter().map(|name| body.find(&format!("\"{name}\":")).expect("the field is there")).collect();
        assert!(places.is_sorted(), "{}: the fields are not in order", dataset.name);
        for row in sample(bundled(), dataset) {
            assert_eq!(row.as_object().expect("an object").len(), names.len());
            for field in dataset.fields {
                let value = &row[field.name];
                let list = field.is_list() || matches!(field.kind, Kind::Json { array: true });
                assert_eq!(value.is_array(), list, "{}: {} is {value}", dataset.name, field.name);
                let boolean = matches!(field.kind, Kind::Boolean) && !value.is_null();
                assert_eq!(value.is_boolean(), boolean, "{}: {} is {value}", dataset.name, field.name);
            }
            for field in dataset.fields.iter().filter(|field| field.required) {
                assert!(!row[field.name].is_null(), "{}: {} is empty in {row}", dataset.name, field.name);
            }
        }
    }
}

#[test]
fn every_item_is_the_row_of_its_list() {
    for dataset in collections() {
        let rows = sample(bundled(), dataset);
        for row in [rows.first(), rows.last()].into_iter().flatten() {
            let target = format!("/v1/{}/{}", dataset.name, pairs::encode_segment(&code(dataset, row)));
            let reply = get(bundled(), &target);
            assert_eq!(reply.data(), *row, "{target}");
            let pinned = reply.json()["links"]["pinned"].as_str().expect("a link").to_owned();
            assert_eq!(get(bundled(), &pinned).data(), *row, "{pinned}");
        }
        assert_eq!(
            get(bundled(), &format!("/v1/{}/{}", dataset.name, dataset.example)).status,
            200,
            "the example of {}",
            dataset.name
        );
    }
}

#[test]
fn every_filter_returns_exactly_the_rows_with_the_value() {
    for dataset in collections() {
        let rows = sample(bundled(), dataset);
        for field in dataset.fields.iter().filter(|field| field.is_filterable()) {
            let Some(value) = rows.iter().find_map(|row| texts(&row[field.name]).first().cloned()) else {
                continue;
            };
            if value.chars().count() > 200 {
                continue;
            }
            let target = format!("/v1/{}?{}={}&limit=1000", dataset.name, field.name, pairs::encode(&value.replace(',', "\\,")));
            let found = get(bundled(), &target).data();
            let found = found.as_array().expect("a list");
            assert!(!found.is_empty(), "{target} finds nothing");
            for row in found {
                assert!(texts(&row[field.name]).contains(&value), "{target} gives {row}");
            }
            let expected: BTreeSet<String> =
                rows.iter().filter(|row| texts(&row[field.name]).contains(&value)).map(|row| code(dataset, row)).collect();
            let given: BTreeSet<String> = found.iter().map(|row| code(dataset, row)).collect();
            assert!(expected.is_subset(&given), "{target} misses rows");
        }
    }
}

#[test]
fn every_sort_orders_and_puts_rows_without_a_value_last() {
    for dataset in collections() {
        for field in dataset.fields.iter().filter(|field| field.is_sortable()) {
            for descending in [false, true] {
                let sign = if descending { "-" } else { "" };
                let target = format!("/v1/{}?sort={sign}{}&limit=300", dataset.name, field.name);
                let rows = get(bundled(), &target).data();
                let values: Vec<&Value> = rows.as_array().expect("a list").iter().map(|row| &row[field.name]).collect();
                for pair in values.windows(2) {
                    assert!(in_order(field, pair[0], pair[1], descending), "{target}: {} then {}", pair[0], pair[1]);
                }
            }
        }
    }
}

fn in_order(field: &Field, first: &Value, second: &Value, descending: bool) -> bool {
    let order = match (first, second) {
        (_, Value::Null) => return true,
        (Value::Null, _) => return false,
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()).expect("numbers compare"),
        // Names are ordered without accents. Another test checks that order exactly; the initial is enough here.
        (Value::String(a), Value::String(b)) if field.is_folded() => match (initial(a), initial(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => return true,
        },
        // A joined code is ordered by its parts; the first part is enough here.
        (Value::String(a), Value::String(b)) if matches!(field.kind, Kind::JoinedCode) => {
            a.split('~').next().cmp(&b.split('~').next())
        }
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => panic!("{} sorts {first} and {second}", field.name),
    };
    order == Ordering::Equal || (order == Ordering::Greater) == descending
}

fn initial(text: &str) -> Option<char> {
    let first = text.chars().next()?;
    let letter = match first {
        'À' | 'Â' | 'à' | 'â' => 'a',
        'É' | 'È' | 'Ê' | 'é' | 'è' | 'ê' => 'e',
        'Î' | 'î' => 'i',
        'Œ' | 'œ' => 'o',
        other => other.to_ascii_lowercase(),
    };
    Some(letter).filter(char::is_ascii_alphanumeric)
}

#[test]
fn pages_visit_every_row_once_whatever_the_order() {
    for dataset in collections().filter(|dataset| !matches!(dataset.name, "territories" | "territory_states" | "containments")) {
        let all: Vec<String> = sample(bundled(), dataset).iter().map(|row| code(dataset, row)).collect();
        for field in dataset.fields.iter().filter(|field| field.is_sortable()) {
            for sign in ["", "-"] {
                let mut next = Some(format!("/v1/{}?sort={sign}{}&limit=7", dataset.name, field.name));
                let mut seen = Vec::new();
                while let Some(target) = next {
                    let reply = get(bundled(), &target);
                    seen.extend(reply.data().as_array().expect("a list").iter().map(|row| code(dataset, row)));
                    next = reply.json()["links"]["next"].as_str().map(str::to_owned);
                    let header = next.as_ref().map(|next| format!("<{next}>; rel=\"next\""));
                    assert_eq!(reply.header("link"), header.as_deref());
                }
                let distinct: BTreeSet<&String> = seen.iter().collect();
                assert_eq!((distinct.len(), seen.len()), (all.len(), all.len()), "{} by {sign}{}", dataset.name, field.name);
            }
        }
    }
}

#[test]
fn every_related_link_of_an_example_row_answers_200_and_of_an_unknown_row_400_or_404() {
    for dataset in collections() {
        let item = get(bundled(), &format!("/v1/{}/{}", dataset.name, dataset.example)).json();
        let related = item["links"]["related"].as_object().cloned().unwrap_or_default();
        let changes = usize::from(matches!(dataset.rows, RowOrigin::Releases));
        let filtered = dataset.links.iter().filter(|link| link.filter().is_some()).count();
        assert_eq!(related.len(), dataset.below().count() + filtered + changes, "a release also leads to what it changed");
        for target in related.values() {
            let reply = get(bundled(), target.as_str().expect("an address"));
            assert_eq!(reply.status, 200, "{target}: {}", reply.text());
            let json = reply.json();
            assert!(
                json["data"].is_array() || json["data"]["series"].is_array() || json["type"] == "Feature",
                "{target}: {json}"
            );
            let lost = target.as_str().expect("an address").replacen(&pairs::encode_segment(dataset.example), "rien-de-tel", 1);
            let status = if lost.starts_with("/v1/") && lost.contains('?') { 400 } else { 404 };
            get(bundled(), &lost).problem(status);
        }
    }
}

#[test]
fn head_is_get_without_the_body() {
    for dataset in collections() {
        for target in [format!("/v1/{}", dataset.name), format!("/v1/{}/{}", dataset.name, dataset.example)] {
            let (full, empty) = (get(bundled(), &target), head(bundled(), &target));
            assert_eq!((empty.status, empty.body.len()), (200, 0), "{target}");
            for name in ["content-type", "content-length", "link"] {
                assert_eq!(full.header(name), empty.header(name), "{target}: {name}");
            }
        }
    }
}

#[test]
fn other_methods_are_refused_with_those_allowed() {
    for dataset in collections() {
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"] {
            let reply = send(bundled(), method, &format!("/v1/{}", dataset.name));
            assert_eq!(reply.header("allow"), Some("GET, HEAD, OPTIONS"));
            assert_eq!(reply.problem(405)["type"], "/problems/method-not-allowed");
        }
    }
}

#[test]
fn an_unknown_parameter_value_or_code_is_refused_everywhere() {
    for dataset in collections() {
        let faults = get(bundled(), &format!("/v1/{}?rien=1&limit=1001&total=two", dataset.name)).problem(400);
        let named: Vec<&str> =
            faults["errors"].as_array().expect("faults").iter().map(|f| f["name"].as_str().expect("a name")).collect();
        assert_eq!(named, ["rien", "limit", "total"], "{}", dataset.name);
        get(bundled(), &format!("/v1/{}/rien-de-tel", dataset.name)).problem(404);
        get(bundled(), &format!("/v1/{}/{}?rien=1", dataset.name, dataset.example)).problem(400);
        get(bundled(), &format!("/v1/{}?release=99", dataset.name)).problem(400);
        for field in dataset
            .fields
            .iter()
            .filter(|field| field.reference().is_some() || matches!(field.kind, Kind::Code | Kind::Choice(_)))
        {
            let problem = get(bundled(), &format!("/v1/{}?{}=rien-de-tel", dataset.name, field.name)).problem(400);
            assert_eq!(problem["errors"][0]["name"], field.name, "{}", dataset.name);
        }
    }
}

#[test]
fn no_field_has_the_name_of_a_parameter_and_every_link_has_a_target() {
    let reserved: Vec<&str> = "within touching covers labels sort limit cursor total release format fields \
                               include q as_of by function vintages released_from released_until opened_by closed_by geography"
        .split(' ')
        .collect();
    for dataset in REGISTRY {
        for field in dataset.fields {
            assert!(!reserved.contains(&field.name) || !dataset.public, "{}.{}", dataset.name, field.name);
            assert!(!field.name.contains("__"), "{}.{}", dataset.name, field.name);
            if let Some(target) = field.reference() {
                assert!(REGISTRY.iter().any(|d| d.name == target), "{}.{} refers to {target}", dataset.name, field.name);
            }
        }
        for key in dataset.key {
            assert!(dataset.field(key).is_some_and(|field| field.required), "{}.{key}", dataset.name);
        }
        for link in dataset.links {
            let target = collections().find(|d| d.name == link.target);
            let target = target.unwrap_or_else(|| panic!("{}/{}", dataset.name, link.name));
            let relation = |name: &str| target.relations.iter().any(|one| one.name == name && one.target == dataset.name);
            let field = |name: &str| target.field(name).is_some_and(|field| field.reference() == Some(dataset.name));
            let scope = |name: &str| name == "covers" && target.territory_dataset() == Some(dataset.name);
            let leads = |name: &str| field(name) || relation(name) || scope(name);
            assert!(link.filter().is_none_or(leads), "{}/{}", dataset.name, link.name);
            for extra in link.extra_fields() {
                assert!(target.field(extra.name).is_none(), "{}/{} repeats {}", dataset.name, link.name, extra.name);
            }
        }
        for relation in dataset.relations {
            assert!(dataset.field(relation.name).is_none(), "{}.{} is a field too", dataset.name, relation.name);
            assert!(collections().any(|d| d.name == relation.target), "{}.{}", dataset.name, relation.name);
            assert!(relation.fields().iter().all(|name| dataset.field(name).is_some()), "{}.{}", dataset.name, relation.name);
        }
    }
}
