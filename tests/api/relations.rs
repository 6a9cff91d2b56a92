//! Every relation between rows is a filter: the codes of related rows select the rows that refer to them, directly or
//! through another row, and `covers` selects what holds for a place.

use std::collections::{BTreeMap, BTreeSet};

use reperes::datasets::{REGISTRY, collections};
use reperes::query::{Dataset, Link, Via, pairs};
use serde_json::Value;

use crate::harness::{Reply, bundled, get};

/// Follows a redirect to the list.
fn followed(target: &str) -> Reply {
    let reply = get(bundled(), target);
    match reply.status {
        308 => get(bundled(), reply.header("location").expect("an address")),
        _ => reply,
    }
}

/// The filter of a link: the parameter of the target that takes the code of the row.
fn filter(dataset: &Dataset, link: &Link) -> Option<&'static str> {
    let target = REGISTRY.iter().find(|target| target.name == link.target).expect("a dataset");
    let relation = || target.relations.iter().find(|relation| relation.target == dataset.name).map(|relation| relation.name);
    match link.via {
        Via::Fields([name]) => Some(name),
        Via::Fields(_) => relation(),
        Via::Through { by, .. } => Some(by),
        Via::Containment(_) | Via::Opened | Via::Versions => None,
    }
}

fn codes(dataset: &Dataset) -> Vec<String> {
    let field = dataset.code_field().expect("a code").name;
    let query = if dataset.name == "territories" { "kind=region,country,perimeter,departement" } else { "" };
    let rows = get(bundled(), &format!("/v1/{}?limit=1000&fields={field}&{query}", dataset.name)).data();
    rows.as_array().expect("a list").iter().map(|row| row[field].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn every_related_list_is_the_list_with_its_filter() {
    let mut compared = BTreeMap::new();
    for dataset in collections() {
        let links: Vec<(&Link, &str)> = dataset.links.iter().filter_map(|link| Some((link, filter(dataset, link)?))).collect();
        if links.is_empty() {
            continue;
        }
        for code in codes(dataset) {
            for (link, filter) in &links {
                let nested = format!("/v1/{}/{}/{}?limit=1000", dataset.name, pairs::encode_segment(&code), link.name);
                let list = format!("/v1/{}?{filter}={}&limit=1000", link.target, pairs::encode(&code));
                let rows = followed(&nested).data();
                assert_eq!(rows, get(bundled(), &list).data(), "{nested}");
                *compared.entry((dataset.name, link.name)).or_insert(0) += rows.as_array().expect("a list").len();
            }
        }
    }
    println!("{compared:#?}");
    assert!(compared.values().filter(|rows| **rows > 0).count() > 20, "{compared:?}");
}
