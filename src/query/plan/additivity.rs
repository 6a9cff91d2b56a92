//! Owns the judgement of aggregates: which groups may be put together, and what is said of the result.
//! Must not know how groups are read.

use super::grouping::Grouping;
use crate::problem::Fault;
use crate::query::collection::context::Context;
use crate::query::model::dataset::Shape;

/// What is known of one group of rows.
#[derive(Clone, Debug, Default)]
pub struct GroupFacts {
    /// The number of different values of the fields that must not be mixed, by field.
    pub mixed: Vec<(&'static str, i64)>,
    /// The indicator, where there is just one.
    pub indicator: Option<String>,
    /// How its values combine over territories: `sum`, `weighted_mean`, `none`.
    pub over_territories: Option<String>,
    /// How they combine over time.
    pub over_time: Option<String>,
    /// Whether a territory of the group lies in another of the group.
    pub nested: bool,
    /// Whether two periods of the group overlap.
    pub overlapping: bool,
    /// Whether two flows of the group are of one co-funded thing.
    pub cofunded: bool,
}

impl GroupFacts {
    fn several(&self, field: &str) -> bool {
        self.mixed.iter().any(|(name, number)| *name == field && *number > 1)
    }
}

/// The fields that a value has its meaning from: put together over several of them it means nothing.
const APART: [(&str, &str); 5] = [
    ("indicator_code", "different indicators have different units"),
    ("nature", "what is observed, expected and aimed at are no parts of one whole"),
    ("source_code", "two sources may count the same thing"),
    ("breakdown", "a part is already in its whole"),
    ("stage", "the same euro is announced, then programmed, then committed, then paid"),
];

/// What is wrong with a group, if its values are to be put together; each with what would be right.
pub fn faults(context: Context, grouping: &Grouping, facts: &GroupFacts) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut refuse = |parameter: &str, why: &str, remedy: String| {
        faults.push(Fault::new(parameter, format!("{why}; {remedy}.")));
    };
    let combining = grouping.rollup || grouping.functions.iter().any(|function| function.combines());
    let extremes = grouping.compares();
    for (field, why) in APART {
        let asked = combining || (extremes && matches!(field, "indicator_code" | "stage"));
        if asked && facts.several(field) {
            refuse(
                "group_by",
                &format!("The group mixes several values of `{field}`: {why}"),
                format!("group by `{field}` too, or filter one"),
            );
        }
    }
    if !combining {
        return faults;
    }
    if facts.cofunded {
        let why =
            "Flows of co-funders of one thing stand in one group, and each may state the whole: the money would be counted twice";
        refuse("group_by", why, "group by `payer_code` too, or filter one".to_owned());
    }
    if context.dataset.shape != Shape::Observations {
        return faults;
    }
    let indicator = facts.indicator.as_deref().unwrap_or("the indicator");
    let sums = grouping.sums();
    // What cannot be added is not called a sum even where the group happens to have one cell: the indicator decides, not the
    // number of rows that there are today.
    if facts.several("territory_code") || grouping.rollup || sums {
        match facts.over_territories.as_deref() {
            Some("sum") if facts.nested => {
                refuse(
                    "territory_code",
                    "A territory of the group lies in another of the group: it would be counted twice",
                    "filter territories of one kind, or group by `territory_code` too".to_owned(),
                );
            }
            Some("sum") => {}
            Some("weighted_mean") if !sums => {}
            Some("weighted_mean") => {
                refuse(
                    "aggregate",
                    &format!("Values of `{indicator}` cannot be added"),
                    "`aggregate=avg` weights them as the indicator says".to_owned(),
                );
            }
            _ => refuse(
                "aggregate",
                &format!("Values of `{indicator}` cannot be put together over territories"),
                "ask for `min`, `max` or `count`, or for the values themselves".to_owned(),
            ),
        }
    }
    if facts.several("period") {
        match facts.over_time.as_deref() {
            Some("sum") if facts.overlapping => {
                refuse(
                    "period",
                    "Two periods of the group overlap: what lies in both would be counted twice",
                    "filter periods of one sort, or group by `period` too".to_owned(),
                );
            }
            Some("sum") => {}
            _ => refuse(
                "aggregate",
                &format!("Values of `{indicator}` at different times cannot be put together: a stock is not a flow"),
                "group by `period` too, or ask for the latest with `latest=true`".to_owned(),
            ),
        }
    }
    faults
}

/// Observation statuses from the weakest on: an aggregate is as sure as its weakest cell.
const WEAKEST: [&str; 20] = ["Q", "O", "L", "M", "H", "S", "U", "F", "G", "I", "E", "V", "P", "N", "D", "B", "K", "W", "J", "A"];

/// The weakest of statuses separated by commas.
pub fn weakest(statuses: &str) -> Option<&'static str> {
    let given: Vec<&str> = statuses.split(',').collect();
    WEAKEST.into_iter().find(|status| given.contains(status))
}

/// How a total is hedged, given how its parts are, separated by commas: their common direction, or none in particular.
pub fn hedged(qualifiers: &str) -> &'static str {
    let all = |admitted: &[&str]| qualifiers.split(',').all(|one| admitted.contains(&one));
    let any = |word: &str| qualifiers.split(',').any(|one| one == word);
    match () {
        () if all(&["exact"]) => "exact",
        () if all(&["exact", "at_least", "more_than"]) => {
            if any("more_than") {
                "more_than"
            } else {
                "at_least"
            }
        }
        () if all(&["exact", "at_most", "less_than"]) => {
            if any("less_than") {
                "less_than"
            } else {
                "at_most"
            }
        }
        () if all(&["exact", "nearly"]) => "nearly",
        () => "about",
    }
}

/// Whether a result must be withheld: with one suppressed cell, the total published elsewhere less this one would give
/// the cell away (statistical secrecy, law of 7 June 1951).
pub fn withheld(suppressed: i64) -> bool {
    suppressed == 1
}
