//! Random requests for figures that are put together, compared with a naive model of a generated world: groups with their coverage,
//! roll-ups, latest figures, versions, comparisons, ranks, profiles and the wide layout, by release and by instant, in every
//! representation.
//!
//! `MODEL_REQUESTS` sets the number of random requests of each test, and `MODEL_SEED` another sequence.

mod groups;
mod money;
mod profiles;
mod publication;
mod selection;
mod series;
mod world;

use std::collections::BTreeMap;
use std::env;
use std::sync::LazyLock;

use reperes::datasets::{REGISTRY, collections};
use reperes::query::Context;
use serde_json::Value;

use self::groups::Request;
use self::selection::Selection;
use self::world::World;
use crate::formats;
use crate::harness::get;
use crate::random_requests::Random;

/// The world, the same for all tests.
fn world() -> &'static World {
    static WORLD: LazyLock<World> = LazyLock::new(|| World::new(seed(1793)));
    &WORLD
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// The number of random requests of a test, whose usual number is this.
fn requests(usual: u64) -> u64 {
    number("MODEL_REQUESTS", usual)
}

fn seed(own: u64) -> u64 {
    own + number("MODEL_SEED", 0)
}

/// Collects differences, so that a run shows more than the first.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn compare(&mut self, target: &str, what: &str, found: &Value, expected: &Value) {
        if !is_same(found, expected) {
            self.0.push(format!("{target}: {what} is {found}, the model has {expected}"));
        }
    }

    fn none(&self, compared: u64) {
        let first: Vec<&String> = self.0.iter().take(10).collect();
        assert!(self.0.is_empty(), "{} differences in {compared} requests:\n{first:#?}", self.0.len());
    }
}

/// Whether two values are equal; means have six decimals.
fn is_same(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() < 1e-6,
        _ => found == expected,
    }
}

#[test]
fn random_groups_and_roll_ups_say_what_the_model_says() {
    let (world, mut random, mut differences) = (world(), Random(seed(1848)), Differences::default());
    let (all, mut refused, mut incomplete) = (requests(500), 0, 0);
    for _ in 0..all {
        let request = Request::random(&mut random, world);
        let target = format!("{}&limit=1000", request.address());
        let reply = get(world.server.address, &target);
        let Some(expected) = request.answer(world) else {
            refused += 1;
            if reply.status != 422 {
                differences.0.push(format!("{target}: {} where the model refuses", reply.status));
            }
            continue;
        };
        if reply.status != 200 {
            differences.0.push(format!("{target}: {}", reply.text()));
            continue;
        }
        let data = reply.data();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let found: BTreeMap<Vec<String>, &Value> = data
            .as_array()
            .expect("a list")
            .iter()
            .map(|row| (request.by.iter().map(|field| text(&row[field])).collect(), row))
            .collect();
        if !found.keys().eq(expected.keys()) {
            differences.0.push(format!("{target}: has the groups {:?}, the model {:?}", found.keys(), expected.keys()));
            continue;
        }
        for (key, row) in found {
            for (name, value) in expected[&key].as_object().expect("an object") {
                differences.compare(&target, &format!("{name} of {key:?}"), &row[name], value);
            }
            incomplete += u64::from(row["coverage"].as_f64().is_some_and(|share| share < 1.0));
        }
    }
    differences.none(all);
    assert!(refused > all / 10 && refused < all * 9 / 10, "{refused} of {all} are refused");
    assert!(incomplete > all / 10, "{incomplete} groups are incomplete");
}

#[test]
fn random_figures_are_the_same_in_every_representation() {
    let (world, mut random) = (world(), Random(seed(1871)));
    let dataset = collections().find(|dataset| dataset.name == "observations").expect("the dataset is there");
    let (rows, grouped) = (Context::of(REGISTRY, dataset), Context { aggregated: true, ..Context::of(REGISTRY, dataset) });
    for _ in 0..requests(500) / 25 {
        let selection = Selection::random(&mut random, world);
        if !selection.of(world).is_empty() {
            let target = selection.pairs().join("&");
            formats::agree(world.server.address, rows, "/v1/observations", &target);
            series::cubes_agree(world, &selection);
        }
        let request = Request::random(&mut random, world);
        let address = request.address();
        let (path, query) = address.split_once('?').expect("a query");
        if request.answer(world).is_some_and(|groups| !groups.is_empty()) {
            formats::agree(world.server.address, grouped, path, query);
        }
    }
}

#[test]
fn random_series_latest_figures_and_versions_are_those_of_the_model() {
    let (world, mut random, mut differences) = (world(), Random(seed(1889)), Differences::default());
    let all = requests(100);
    for _ in 0..all {
        series::compare(&mut random, world, &mut differences);
    }
    differences.none(all);
}

#[test]
fn random_profiles_comparisons_and_ranks_are_those_of_the_model() {
    let (world, mut random, mut differences) = (world(), Random(seed(1905)), Differences::default());
    let all = requests(100);
    for _ in 0..all {
        profiles::compare(&mut random, world, &mut differences);
    }
    differences.none(all);
}

#[test]
fn random_money_is_added_only_where_the_model_adds_it() {
    let (mut random, mut differences) = (Random(seed(1936)), Differences::default());
    let (worlds, each) = (2 + requests(0) / 1000, requests(100).min(200));
    money::compare(&mut random, worlds, each, &mut differences);
    differences.none(worlds * each);
}
