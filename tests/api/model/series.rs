//! Owns the model of lists of figures: rows, their versions, the wide layout, and cubes.
//! Must not know aggregates.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Differences;
use super::selection::{Selection, text};
use super::world::{Figure, World, tenths};
use crate::formats::cells;
use crate::harness::get;
use crate::random_requests::Random;

/// The key of a row.
const KEY: [&str; 6] = ["indicator_code", "territory_code", "period", "breakdown_code", "nature", "source_code"];

/// What is compared of a row.
fn shown(figure: &Figure) -> Value {
    json!({
        "value": figure.value.map(|value| value as f64 / 10.0),
        "qualifier": figure.qualifier,
        "statuses": figure.statuses,
        "rounding": figure.rounding.map(|step| step as f64),
    })
}

fn key_of(row: &Value) -> Vec<&str> {
    KEY.iter().map(|name| row[name].as_str().expect("a text")).collect()
}

/// Compares a random list, its versions and its wide table.
pub fn compare(random: &mut Random, world: &World, differences: &mut Differences) {
    let selection = Selection::random(random, world);
    let target = format!("/v1/observations?{}&limit=1000", selection.pairs().join("&"));
    let expected = selection.of(world);
    let found = get(world.server.address, &target).data();
    let found = found.as_array().expect("a list");
    let page = &expected[..expected.len().min(1000)];
    let keys: Vec<Vec<&str>> = page.iter().map(|figure| figure.key().to_vec()).collect();
    if found.iter().map(|row| key_of(row)).collect::<Vec<_>>() != keys {
        differences.0.push(format!("{target}: {} rows, the model has {}", found.len(), keys.len()));
        return;
    }
    for (row, figure) in found.iter().zip(page) {
        for (name, value) in shown(figure).as_object().expect("an object") {
            differences.compare(&target, &format!("{name} of {:?}", figure.key()), &row[name], value);
        }
    }
    if selection.last.is_none() {
        versions(world, &selection, differences);
    }
    wide(world, &selection, &expected, differences);
}

/// Compares all versions of the figures of a release.
fn versions(world: &World, selection: &Selection, differences: &mut Differences) {
    let target = format!("/v1/observations?{}&vintages=all&limit=1000", selection.pairs().join("&"));
    let release = selection.release.0;
    let opened = world.figures.iter().filter(|figure| figure.releases.0 <= release);
    let mut expected: Vec<&Figure> =
        opened.filter(|figure| selection.filters.iter().all(|filter| filter.passes(figure))).collect();
    expected.sort_by_key(|figure| (figure.key(), figure.releases.0));
    let found = get(world.server.address, &target).data();
    let found: Vec<Value> = found
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| json!([key_of(row), row["released_from"], row["released_until"], row["value"], row["statuses"]]))
        .collect();
    let version = |figure: &&Figure| {
        let until = (figure.releases.1 < release).then_some(figure.releases.1 + 1);
        let value = figure.value.map_or(Value::Null, |value| serde_json::from_str(&tenths(value)).expect("a number"));
        json!([figure.key(), figure.releases.0, until, value, figure.statuses])
    };
    let expected: Vec<Value> = expected.iter().take(1000).map(version).collect();
    if found != expected {
        let first = found.iter().zip(&expected).find(|(one, other)| one != other);
        differences.0.push(format!("{target}: {} versions, the model has {}; {first:?}", found.len(), expected.len()));
    }
}

/// Compares the wide layout: each figure in the row of its series, with what it says of itself.
fn wide(world: &World, selection: &Selection, rows: &[&Figure], differences: &mut Differences) {
    let target = format!("/v1/observations?{}&layout=wide&format=csv", selection.pairs().join("&"));
    let (names, lines) = cells::csv(&get(world.server.address, &target).body);
    let series: BTreeSet<[&str; 5]> = rows.iter().map(|figure| figure.series()).collect();
    let mut expected: BTreeMap<(Vec<&str>, String), String> = BTreeMap::new();
    for figure in rows {
        let mut say = |name: String, text: String| _ = expected.insert((figure.series().to_vec(), name), text);
        if let Some(value) = figure.value {
            say(figure.period.to_owned(), tenths(value));
            say(format!("{}_qualifier", figure.period), figure.qualifier.to_owned());
        }
        say(format!("{}_statuses", figure.period), figure.statuses.join("|"));
        if let Some(step) = figure.rounding {
            say(format!("{}_rounding", figure.period), step.to_string());
        }
    }
    let place = |name: &str| names.iter().position(|one| one == name).expect("the column is there");
    let own = ["indicator_code", "territory_code", "breakdown_code", "nature", "source_code"].map(place);
    let fixed = names.iter().position(|name| name.starts_with(|first: char| first.is_ascii_digit())).unwrap_or(names.len());
    let mut found = BTreeMap::new();
    for line in &lines {
        let series: Vec<&str> = own.iter().map(|at| line[*at].as_str()).collect();
        for (name, cell) in names.iter().zip(line).skip(fixed).filter(|(_, cell)| !cell.is_empty()) {
            found.insert((series.clone(), name.clone()), cell.clone());
        }
    }
    if lines.len() != series.len() || found != expected {
        let other = found.iter().find(|(key, cell)| expected.get(*key) != Some(*cell));
        let missing = expected.iter().find(|(key, _)| !found.contains_key(*key));
        differences.0.push(format!("{target}: {} series, the model has {}; {other:?}, {missing:?}", lines.len(), series.len()));
    }
}

/// Compares the cubes of a selection with the model: values, statuses, qualifiers and rounding.
pub fn cubes_agree(world: &World, selection: &Selection) {
    let rows = selection.of(world);
    let target = format!("/v1/observations?{}&format=json-stat", selection.pairs().join("&"));
    let cube = get(world.server.address, &target).json();
    let dimensions = ["indicator", "territory", "period", "breakdown", "nature", "source"];
    let mut filled = 0;
    for figure in &rows {
        let place = dimensions.iter().zip(figure.key()).fold(0, |place, (name, code)| {
            let all = cube["dimension"][name]["category"]["index"].as_array().expect("categories");
            place * all.len() + all.iter().position(|one| one == code).expect("a category")
        });
        let at = place.to_string();
        let value = if cube["value"].is_array() { &cube["value"][place] } else { &cube["value"][&at] };
        assert_eq!(value.as_f64(), figure.value.map(|value| value as f64 / 10.0), "{target}");
        let status = figure.statuses.join(",");
        assert_eq!(cube["status"][&at].as_str().unwrap_or("A"), status, "{target}");
        assert_eq!(cube["extension"]["qualifier"][&at].as_str().unwrap_or("exact"), figure.qualifier, "{target}");
        assert_eq!(cube["extension"]["rounding"][&at].as_i64(), figure.rounding, "{target}");
        filled += usize::from(figure.value.is_some());
    }
    let values: Vec<&Value> = match &cube["value"] {
        Value::Array(all) => all.iter().collect(),
        sparse => sparse.as_object().expect("values by place").values().collect(),
    };
    assert_eq!(values.iter().filter(|value| !value.is_null()).count(), filled, "{target}: no other place has a value");
    let target = format!("/v1/observations?{}&format=sdmx-csv", selection.pairs().join("&"));
    let (names, lines) = cells::csv(&get(world.server.address, &target).body);
    let place = |name: &str| names.iter().position(|one| one == name).expect("the column is there");
    let columns = ["INDICATOR", "REF_AREA", "OBS_STATUS[]", "QUALIFIER", "ROUNDING"].map(place);
    let found: Vec<Vec<&str>> = lines.iter().map(|line| columns.iter().map(|at| line[*at].as_str()).collect()).collect();
    let steps: Vec<String> =
        rows.iter().map(|figure| figure.rounding.map_or_else(String::new, |step| step.to_string())).collect();
    let statuses: Vec<String> = rows.iter().map(|figure| figure.statuses.join(";")).collect();
    for ((line, figure), (step, statuses)) in found.iter().zip(&rows).zip(steps.iter().zip(&statuses)) {
        let qualifier = text(figure, "qualifier");
        assert_eq!(*line, [figure.indicator, figure.territory, statuses, &qualifier, step], "{target}");
    }
    assert_eq!(found.len(), rows.len(), "{target}");
}
