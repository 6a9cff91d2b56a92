//! Owns the model of aggregates: groups of figures, whether they may be put together, and what they say.
//! Must not know how a request is sent.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::selection::{Selection, lies_in, text};
use super::world::{Figure, INDICATORS, TERRITORIES, World, communes, kind};
use crate::random_requests::Random;

/// The fields by which figures are grouped, and those of them that say what a figure is about.
const FIELDS: [&str; 10] = [
    "indicator_code",
    "territory_code",
    "period",
    "breakdown_code",
    "nature",
    "source_code",
    "period_start",
    "period_end",
    "qualifier",
    "geography_year",
];

/// A request for groups.
#[derive(Clone, Debug)]
pub struct Request {
    /// What it selects.
    pub selection: Selection,
    /// The fields of the groups.
    pub by: Vec<&'static str>,
    /// The functions.
    pub functions: Vec<&'static str>,
    /// With `function=own`, the territories that are taken together.
    pub own: Vec<&'static str>,
}

impl Request {
    /// A random request.
    pub fn random(random: &mut Random, world: &World) -> Self {
        let mut selection = Selection::random(random, world);
        if random.below(6) == 0 {
            let mut own = vec![random.pick(&TERRITORIES).0];
            if random.below(3) == 0 {
                own.push(random.pick(&TERRITORIES).0);
                own.dedup();
            }
            selection.filters.retain(|filter| {
                let pair = filter.pair();
                !["territory_code", "within", "covers"].iter().any(|name| pair.starts_with(name))
            });
            let by = FIELDS[..6].iter().copied().filter(|field| *field != "territory_code").collect();
            return Self { selection, by, functions: vec!["own"], own };
        }
        let mut by = Vec::new();
        let usual = [&["period"][..], &["territory_code"], &["indicator_code", "period"], &[]];
        if random.below(2) == 0 {
            by.extend_from_slice(usual[random.below(usual.len())]);
        } else {
            for _ in 0..random.below(4) {
                let field = FIELDS[random.below(FIELDS.len())];
                if !by.contains(&field) {
                    by.push(field);
                }
            }
        }
        let all = [&["sum"][..], &["mean"], &["count"], &["min", "max"], &["mean", "min", "count"], &["sum", "mean", "max"]];
        Self { selection, by, functions: all[random.below(all.len())].to_vec(), own: Vec::new() }
    }

    /// Its address.
    pub fn address(&self) -> String {
        let mut pairs = self.selection.pairs();
        pairs.push(format!("function={}", self.functions.join(",")));
        if !self.own.is_empty() {
            pairs.push(format!("territory_code={}", self.own.join(",")));
        } else if !self.by.is_empty() {
            pairs.push(format!("by={}", self.by.join(",")));
        }
        format!("/v1/aggregates/observations?{}", pairs.join("&"))
    }

    fn has(&self, functions: &[&str]) -> bool {
        self.functions.iter().any(|function| functions.contains(function))
    }

    /// The territories of `function=own`: each perimeter, and a single territory of any kind, stands for its communes.
    fn members(&self) -> Vec<&'static str> {
        let replaced = |code: &str| if self.own.len() == 1 { kind(code) != "commune" } else { kind(code) == "perimeter" };
        let communes = |code: &'static str| {
            let all = TERRITORIES.iter().map(|one| one.0).filter(move |one| kind(one) == "commune" && lies_in(one, code));
            if replaced(code) { all.collect() } else { vec![code] }
        };
        let all: BTreeSet<&str> = self.own.iter().flat_map(|code| communes(code)).collect();
        all.into_iter().collect()
    }

    /// The groups by their keys, or `None` if the request has no meaning.
    pub fn answer(&self, world: &World) -> Option<BTreeMap<Vec<String>, Value>> {
        let members = self.members();
        let mut rows = self.selection.of(world);
        if !self.own.is_empty() {
            // The latest are those of the members.
            rows.retain(|figure| members.contains(&figure.territory));
        }
        let key = |figure: &Figure| -> Vec<String> { self.by.iter().map(|field| text(figure, field)).collect() };
        let mut groups: BTreeMap<Vec<String>, Vec<&Figure>> = BTreeMap::new();
        if self.by.is_empty() {
            groups.insert(Vec::new(), Vec::new());
        }
        rows.iter().for_each(|figure| groups.entry(key(figure)).or_default().push(figure));
        if groups.values().any(|group| self.is_refused(group)) {
            return None;
        }
        let expected = self.expected(&rows);
        let at = world.at(self.selection.release.0);
        let said = groups.into_iter().map(|(key, group)| {
            let cells = match (&expected, self.own.is_empty()) {
                (_, false) => members.len(),
                (Some(expected), true) => expected.get(&key).copied().unwrap_or(0),
                (None, true) => group.len(),
            };
            let said = self.said(&group, cells, &at);
            (key, said)
        });
        Some(said.collect())
    }

    /// The cells that each group expects: of each kind of figure, every territory at every period. `None` if a group expects its
    /// rows alone.
    fn expected(&self, rows: &[&Figure]) -> Option<BTreeMap<Vec<String>, usize>> {
        let about = |field: &&str| !matches!(*field, "qualifier" | "geography_year");
        if self.selection.last.is_some()
            || self.selection.filters.iter().any(|one| one.is_of_content())
            || !self.by.iter().all(about)
        {
            return None;
        }
        let mut cells: BTreeMap<Vec<String>, BTreeSet<[&str; 7]>> = BTreeMap::new();
        for one in rows {
            for other in rows.iter().filter(|other| kind_of(one) == kind_of(other)) {
                let cell = Figure { period: other.period, ..(*one).clone() };
                let key = self.by.iter().map(|field| text(&cell, field)).collect();
                let [indicator, territory, period, breakdown, nature, source] = cell.key();
                let cell = [indicator, territory, period, breakdown, nature, source, cell.days().2];
                cells.entry(key).or_default().insert(cell);
            }
        }
        Some(cells.into_iter().map(|(key, cells)| (key, cells.len())).collect())
    }

    fn is_refused(&self, group: &[&Figure]) -> bool {
        let several = |field: &str| group.iter().any(|figure| text(figure, field) != text(group[0], field));
        let combines = self.has(&["sum", "mean", "own"]);
        if group.is_empty() {
            return false;
        }
        if several("indicator_code") && (combines || self.has(&["min", "max"])) {
            return true;
        }
        if !combines {
            return false;
        }
        if ["breakdown_code", "nature", "source_code"].into_iter().any(several) {
            return true;
        }
        let (_, over_territories, over_time, _) = *INDICATORS.iter().find(|one| one.0 == group[0].indicator).expect("one");
        let pairs = || group.iter().flat_map(|one| group.iter().map(move |other| (*one, *other)));
        if several("territory_code") || self.has(&["sum", "own"]) {
            let addable = over_territories == "sum" || over_territories == "weighted_mean" && !self.has(&["sum"]);
            let twice = |(one, other): (&Figure, &Figure)| {
                one.territory != other.territory
                    && communes(one.territory).iter().any(|own| communes(other.territory).contains(own))
            };
            if !addable || pairs().any(twice) {
                return true;
            }
        }
        let overlaps = |(one, other): (&Figure, &Figure)| {
            one.period != other.period && one.days().0 <= other.days().1 && other.days().0 <= one.days().1
        };
        let uneven = |(one, other): (&Figure, &Figure)| one.days().2 != other.days().2;
        several("period") && (over_time != "sum" || pairs().any(overlaps) || self.has(&["mean"]) && pairs().any(uneven))
    }

    /// What a group says.
    fn said(&self, group: &[&Figure], cells: usize, at: &[&Figure]) -> Value {
        let null = |status: &str| group.iter().filter(|one| one.value.is_none() && one.statuses.contains(&status)).count();
        let (suppressed, impossible) = (null("Q"), null("M"));
        let values: Vec<f64> = group.iter().filter_map(|one| one.value).map(in_units).collect();
        let territories: BTreeSet<&str> = group.iter().map(|one| one.territory).collect();
        let indicator = INDICATORS.iter().find(|one| group.first().is_some_and(|first| first.indicator == one.0));
        let is_weighted = indicator.is_some_and(|one| one.1 == "weighted_mean")
            && self.has(&["mean", "own"])
            && (territories.len() > 1 || !self.own.is_empty());
        let weighed: Vec<(f64, f64)> =
            group.iter().filter_map(|one| Some((in_units(one.value?), weight(one, indicator?.3, at)?))).collect();
        let present = if is_weighted { weighed.len() } else { values.len() };
        let total: f64 = values.iter().sum();
        let mean = match is_weighted {
            true => {
                let weights: f64 = weighed.iter().map(|(_, weight)| weight).sum();
                (weights != 0.0).then(|| weighed.iter().map(|(value, weight)| value * weight).sum::<f64>() / weights)
            }
            false => (!values.is_empty()).then(|| total / values.len() as f64),
        };
        let sum = (!values.is_empty()).then_some(total);
        let mut said = Map::new();
        for function in &self.functions {
            let (name, result) = match *function {
                "count" => ("count", Some(group.len() as f64)),
                "sum" => ("sum", sum),
                "mean" => ("mean", mean),
                "own" => ("value", if is_weighted { mean } else { sum }),
                "min" => ("min", values.iter().copied().reduce(f64::min)),
                _ => ("max", values.iter().copied().reduce(f64::max)),
            };
            said.insert(name.to_owned(), json!(result.filter(|_| suppressed != 1 || *function == "count")));
        }
        let expected = cells - impossible;
        let missing = expected.saturating_sub(present + suppressed);
        for (name, number) in [("expected", expected), ("present", present), ("suppressed", suppressed), ("missing", missing)] {
            said.insert(name.to_owned(), json!(number));
        }
        said.insert("coverage".to_owned(), json!((expected > 0).then(|| share(present, expected))));
        if !self.by.contains(&"qualifier") {
            let words: BTreeSet<&str> = group.iter().filter(|one| one.value.is_some()).map(|one| one.qualifier).collect();
            said.insert("qualifier".to_owned(), json!(self.qualifier(&words, present)));
        }
        Value::Object(said)
    }

    fn qualifier(&self, words: &BTreeSet<&str>, present: usize) -> Option<&'static str> {
        if self.functions.iter().all(|function| *function == "count") {
            return Some("exact");
        }
        if present == 0 {
            return None;
        }
        let only = |admitted: &[&str]| words.iter().all(|word| admitted.contains(word));
        let combines = self.has(&["sum", "mean", "own"]);
        Some(match () {
            () if only(&["exact"]) => "exact",
            () if only(&["more_than"]) => "more_than",
            () if only(&["less_than"]) => "less_than",
            () if only(&["nearly"]) => "nearly",
            () if only(&["exact", "at_least", "more_than"]) => {
                if combines && words.contains("more_than") {
                    "more_than"
                } else {
                    "at_least"
                }
            }
            () if only(&["exact", "at_most", "less_than"]) => {
                if combines && words.contains("less_than") {
                    "less_than"
                } else {
                    "at_most"
                }
            }
            () if only(&["exact", "nearly"]) && combines => "nearly",
            () => "about",
        })
    }
}

fn in_units(tenths: i64) -> f64 {
    tenths as f64 / 10.0
}

/// What figures of one kind have in common.
fn kind_of(figure: &Figure) -> [&'static str; 5] {
    [figure.indicator, figure.breakdown, figure.nature, figure.source, figure.days().2]
}

/// The weight of a figure: the only figure of the indicator of weights at its place and time.
fn weight(figure: &Figure, indicator: &str, at: &[&Figure]) -> Option<f64> {
    let mut weights = at.iter().filter(|one| {
        one.indicator == indicator
            && one.breakdown == "_T"
            && (one.territory, one.period, one.nature) == (figure.territory, figure.period, figure.nature)
    });
    let weight = weights.next()?;
    if weights.next().is_some() { None } else { weight.value.map(in_units) }
}

/// A share with four decimals; only the whole gives 1, and only nothing gives 0.
fn share(part: usize, whole: usize) -> f64 {
    let rounded = (part as f64 / whole as f64 * 10_000.0 + 1e-9).round() / 10_000.0;
    match rounded {
        one if one >= 1.0 && part < whole => 0.9999,
        zero if zero <= 0.0 && part > 0 => 0.0001,
        other => other,
    }
}
