//! Owns the model of profiles, comparisons and ranks.
//! Must not know aggregates.

use serde_json::{Value, json};

use super::Differences;
use super::selection::{latest, lies_in, release};
use super::world::{Figure, TERRITORIES, World, kind};
use crate::harness::get;
use crate::random_requests::Random;

/// Compares the profile of a random territory.
pub fn compare(random: &mut Random, world: &World, differences: &mut Differences) {
    let code = random.pick(&TERRITORIES).0;
    let (release, parameter) = release(random, world);
    let target = format!("/v1/territories/{code}/profile?{parameter}");
    let profile = get(world.server.address, &target).data();
    let found = profile["series"].as_array().expect("a list");
    let at = world.at(release);
    let own: Vec<&Figure> = at.iter().copied().filter(|figure| figure.territory == code).collect();
    let mut newest = latest(&own, 1);
    newest.sort_by_key(|figure| [figure.indicator, figure.breakdown, figure.nature, figure.source]);
    if found.len() != newest.len() {
        differences.0.push(format!("{target}: {} series, the model has {}", found.len(), newest.len()));
        return;
    }
    for (series, last) in found.iter().zip(newest) {
        let of_series: Vec<&Figure> = own.iter().copied().filter(|figure| figure.series() == last.series()).collect();
        let previous = previous(&of_series, last);
        let what = |name: &str| format!("{name} of {:?}", last.key());
        differences.compare(&target, &what("latest"), &series["latest"]["period"], &json!(last.period));
        differences.compare(
            &target,
            &what("previous"),
            &series["previous"]["period"],
            &json!(previous.map(|figure| figure.period)),
        );
        let change = previous.ok_or("no_previous").and_then(|previous| change(&of_series, previous, last));
        let value = change.map(|(tenths, _)| tenths as f64 / 10.0).ok();
        differences.compare(&target, &what("change"), &series["change"], &json!(value));
        differences.compare(
            &target,
            &what("change_qualifier"),
            &series["change_qualifier"],
            &json!(change.map(|one| one.1).ok()),
        );
        differences.compare(&target, &what("change_unsaid"), &series["change_unsaid"], &json!(change.err()));
        differences.compare(&target, &what("rank"), &series["comparison"]["rank"], &rank(&at, last));
        for (name, kinds) in
            [("parent", &["departement", "region", "country"][..]), ("region", &["region"]), ("country", &["country"])]
        {
            let expected = compared(&at, last, kinds);
            let found = &series["comparison"][name];
            let found =
                if found.is_null() { Value::Null } else { json!([found["territory_code"], found["value"], found["qualifier"]]) };
            differences.compare(&target, &what(name), &found, &expected);
        }
    }
}

/// The figure of a period of the same length before another one.
fn previous<'w>(series: &[&'w Figure], last: &Figure) -> Option<&'w Figure> {
    let (_, end, length) = last.days();
    let earlier = series.iter().filter(|one| one.value.is_some() && one.days().2 == length && one.days().1 < end);
    earlier.max_by_key(|one| (one.days().1, one.days().0)).copied()
}

/// The least and the greatest number of tenths that a figure may be, each with whether it is excluded; `None` if its words leave both
/// open.
type Range = (Option<(i64, bool)>, Option<(i64, bool)>);

fn range(figure: &Figure) -> Option<Range> {
    let value = figure.value.expect("a value");
    Some(match figure.qualifier {
        "exact" => (Some((value, false)), Some((value, false))),
        "at_least" => (Some((value, false)), None),
        "more_than" => (Some((value, true)), None),
        "at_most" => (None, Some((value, false))),
        "less_than" => (None, Some((value, true))),
        _ => return None,
    })
}

/// The change between two figures in tenths, with its qualifier, or why there is none.
fn change(series: &[&Figure], previous: &Figure, last: &Figure) -> Result<(i64, &'static str), &'static str> {
    let between = |one: &&&Figure| one.days().1 > previous.days().1 && one.days().1 <= last.days().1;
    if series.iter().filter(between).any(|one| one.statuses.contains(&"B")) {
        return Err("break");
    }
    if previous.statuses.contains(&"D") != last.statuses.contains(&"D") {
        return Err("definition");
    }
    let (Some(before), Some(after)) = (range(previous), range(last)) else { return Err("hedged") };
    let minus = |one: Option<(i64, bool)>, other: Option<(i64, bool)>| {
        let ((one, open), (other, also)) = (one?, other?);
        Some((one - other, open || also))
    };
    let (low, high) = (minus(after.0, before.1), minus(after.1, before.0));
    let said = match (low, high) {
        (Some((change, _)), Some(_)) => (change, "exact"),
        (Some((change, true)), None) => (change, "more_than"),
        (Some((change, false)), None) => (change, "at_least"),
        (None, Some((change, true))) => (change, "less_than"),
        (None, Some((change, false))) => (change, "at_most"),
        (None, None) => return Err("hedged"),
    };
    match (previous.rounding.or(last.rounding), said.1) {
        (None, _) => Ok(said),
        (Some(_), "exact") => Ok((said.0, "about")),
        (Some(_), _) => Err("hedged"),
    }
}

/// The figures that a figure is ranked with: the same of all territories of its kind.
fn rank(at: &[&Figure], figure: &Figure) -> Value {
    let same = |one: &&&Figure| {
        kind(one.territory) == kind(figure.territory)
            && [one.indicator, one.period, one.breakdown, one.nature, one.source]
                == [figure.indicator, figure.period, figure.breakdown, figure.nature, figure.source]
    };
    let all: Vec<&&Figure> = at.iter().filter(same).collect();
    let values: Vec<i64> = all.iter().filter_map(|one| one.value).collect();
    let own = figure.value.expect("a value");
    json!({
        "position": 1 + values.iter().filter(|other| **other > own).count(),
        "of": values.len(),
        "tied": values.iter().filter(|other| **other == own).count() - 1,
        "suppressed": all.iter().filter(|one| one.value.is_none() && one.statuses.contains(&"Q")).count(),
    })
}

/// The same figure of the smallest territory of some kinds around it.
fn compared(at: &[&Figure], figure: &Figure, kinds: &[&str]) -> Value {
    let around = |wanted: &&str| {
        let mut all = TERRITORIES.iter().map(|one| one.0);
        all.find(|code| kind(code) == *wanted && *code != figure.territory && lies_in(figure.territory, code))
    };
    let Some(code) = kinds.iter().find_map(around) else { return Value::Null };
    let key = Figure { territory: code, ..figure.clone() }.key();
    let same = at.iter().find(|one| one.key() == key);
    json!([code, same.and_then(|one| one.value).map(|value| value as f64 / 10.0), same.map(|one| one.qualifier)])
}
