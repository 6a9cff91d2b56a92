//! Owns the rules of additivity: which values can be aggregated, and the status and qualifier of the result.
//! Must not know how groups are read.

use super::grouping::Grouping;
use crate::problem::{Fault, Reason};
use crate::query::collection::context::Context;
use crate::query::model::dataset::Shape;

/// The facts about one group of rows that decide whether its values can be aggregated.
#[derive(Clone, Debug, Default)]
pub struct GroupFacts {
    /// The number of distinct values of each field that a group must not mix.
    pub mixed: Vec<(&'static str, i64)>,
    /// The indicator, if the group has only one.
    pub indicator: Option<String>,
    /// The additivity of its values over territories: `sum`, `weighted_mean` or `none`.
    pub over_territories: Option<String>,
    /// The additivity of its values over time.
    pub over_time: Option<String>,
    /// Whether a territory of the group lies in another one of the group; of money, whether two flows of it may be the same.
    pub nested: bool,
    /// Whether two periods of the group overlap.
    pub overlapping: bool,
    /// Whether a mean of the group is of periods of several lengths.
    pub uneven: bool,
    /// Whether two flows of the group fund the same thing.
    pub cofunded: bool,
}

impl GroupFacts {
    fn several(&self, field: &str) -> bool {
        self.mixed.iter().any(|(name, number)| *name == field && *number > 1)
    }
}

/// The fields that give a value its meaning, each with the reason why a group must not mix several of its values.
const APART: [(&str, &str); 5] = [
    ("indicator_code", "different indicators have different units"),
    ("nature", "what is observed, expected and aimed at are no parts of one whole"),
    ("source_code", "two sources may count the same thing"),
    ("breakdown_code", "a part is already in its whole"),
    ("stage", "the same euro is announced, then programmed, then committed, then paid"),
];

/// The reasons why the values of a group cannot be aggregated, each with a remedy.
pub fn faults(context: Context, grouping: &Grouping, facts: &GroupFacts) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut refuse = |parameter: &str, why: &str, remedy: String| {
        faults.push(Fault::new(Reason::NotAdditive, parameter, format!("{why}; {remedy}.")));
    };
    let combining = grouping.functions.iter().any(|function| function.combines());
    let extremes = grouping.compares();
    for (field, why) in APART {
        let checked = combining || (extremes && matches!(field, "indicator_code" | "stage"));
        if checked && facts.several(field) {
            refuse(
                "by",
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
        refuse("by", why, "group by `payer_code` too, or filter one".to_owned());
    }
    if context.dataset.shape != Shape::Observations {
        if facts.nested {
            let why = "Two flows of the group may state the same money: they have one payer, no two beneficiaries and periods that \
                       overlap, and the territory of one lies in that of the other, or one is a part of the other";
            refuse("by", why, "group by `territory_code` and `period` too, or filter the flows that belong together".to_owned());
        }
        return faults;
    }
    over_territories(grouping, facts, &mut refuse);
    over_time(facts, &mut refuse);
    faults
}

/// Why values of the territories of a group cannot be put together. What stands twice in a group counts twice in its sum and in
/// its mean, weighted or not. A least and a greatest value stay the same, and a number of rows is one of rows.
fn over_territories(grouping: &Grouping, facts: &GroupFacts, refuse: &mut impl FnMut(&str, &str, String)) {
    let indicator = facts.indicator.as_deref().unwrap_or("the indicator");
    let sums = grouping.sums();
    // A sum of an indicator that cannot be added is a fault even if the group has only one cell: the answer must not depend
    // on how many rows are published today.
    if !(facts.several("territory_code") || grouping.is_own() || sums) {
        return;
    }
    match facts.over_territories.as_deref() {
        Some("weighted_mean") if sums => refuse(
            "function",
            &format!("Values of `{indicator}` cannot be added"),
            "`function=mean` weights them as the indicator says".to_owned(),
        ),
        Some("sum" | "weighted_mean") if facts.nested => refuse(
            "territory_code",
            "A territory of the group lies in another of the group, wholly or partly: it would be counted twice",
            "filter territories of one kind, as `territory_code__startswith=COM-` does, or group by `territory_code` too"
                .to_owned(),
        ),
        Some("sum" | "weighted_mean") => {}
        _ => refuse(
            "function",
            &format!("Values of `{indicator}` cannot be put together over territories"),
            "ask for `min`, `max` or `count`, or for the values themselves".to_owned(),
        ),
    }
}

/// Why values of the periods of a group cannot be put together.
fn over_time(facts: &GroupFacts, refuse: &mut impl FnMut(&str, &str, String)) {
    if !facts.several("period") {
        return;
    }
    let indicator = facts.indicator.as_deref().unwrap_or("the indicator");
    match facts.over_time.as_deref() {
        Some("sum") if facts.overlapping => refuse(
            "period",
            "Two periods of the group overlap: what lies in both would be counted twice",
            "filter periods of one sort, or group by `period` too".to_owned(),
        ),
        Some("sum") if facts.uneven => refuse(
            "period",
            "The periods of the group differ in length: the mean of a month and a year is that of neither",
            "filter periods of one length, or group by `period` too".to_owned(),
        ),
        Some("sum") => {}
        _ => refuse(
            "function",
            &format!("Values of `{indicator}` at different times cannot be put together: a stock is not a flow"),
            "group by `period` too, or ask for the latest with `last=1`".to_owned(),
        ),
    }
}

/// The observation statuses (SDMX, CL_OBS_STATUS), the weakest first. An aggregate has the status of its weakest cell.
const WEAKEST: [&str; 20] = ["Q", "O", "L", "M", "H", "S", "U", "F", "G", "I", "E", "V", "P", "N", "D", "B", "K", "W", "J", "A"];

/// The weakest status of a list separated by commas.
pub fn weakest(statuses: &str) -> Option<&'static str> {
    let given: Vec<&str> = statuses.split(',').collect();
    WEAKEST.into_iter().find(|status| given.contains(status))
}

/// The qualifier of a total, from the qualifiers of its parts, separated by commas. Parts that differ in direction make
/// the total `about`.
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

/// The qualifier of the least or the greatest of some values, from their qualifiers, separated by commas. Which value it is depends
/// on all of them: a value that may be larger makes the greatest one at least as large as it is said.
pub fn extreme(qualifiers: &str) -> &'static str {
    match hedged(qualifiers) {
        "more_than" if qualifiers != "more_than" => "at_least",
        "less_than" if qualifiers != "less_than" => "at_most",
        "nearly" if qualifiers != "nearly" => "about",
        same => same,
    }
}

/// Whether a result must be withheld, given the number of suppressed cells. With one such cell, the difference to a
/// total that is published elsewhere would reveal it (statistical secrecy, law no. 51-711 of 7 June 1951).
pub fn withheld(suppressed: i64) -> bool {
    suppressed == 1
}

#[cfg(test)]
mod tests {
    use super::{extreme, hedged, weakest, withheld};

    #[test]
    fn a_total_has_the_weakest_status_of_its_parts() {
        for (statuses, expected) in
            [("A", Some("A")), ("A,P", Some("P")), ("P,Q,A", Some("Q")), ("B,E,A", Some("E")), ("", None), ("?", None)]
        {
            assert_eq!(weakest(statuses), expected, "{statuses}");
        }
    }

    #[test]
    fn a_total_is_hedged_as_far_as_its_parts_agree() {
        for (qualifiers, expected) in [
            ("exact", "exact"),
            ("exact,exact", "exact"),
            ("exact,at_least", "at_least"),
            ("at_least,more_than", "more_than"),
            ("exact,at_most", "at_most"),
            ("at_most,less_than", "less_than"),
            ("exact,nearly", "nearly"),
            ("at_least,at_most", "about"),
            ("nearly,more_than", "about"),
            ("about", "about"),
        ] {
            assert_eq!(hedged(qualifiers), expected, "{qualifiers}");
        }
    }

    #[test]
    fn an_extreme_is_as_uncertain_as_the_values_that_it_may_be() {
        for (qualifiers, expected) in [
            ("exact", "exact"),
            ("more_than", "more_than"),
            ("exact,more_than", "at_least"),
            ("at_least,more_than", "at_least"),
            ("exact,less_than", "at_most"),
            ("less_than", "less_than"),
            ("exact,nearly", "about"),
            ("nearly", "nearly"),
            ("at_least,at_most", "about"),
        ] {
            assert_eq!(extreme(qualifiers), expected, "{qualifiers}");
        }
    }

    #[test]
    fn a_total_with_exactly_one_suppressed_cell_is_withheld() {
        assert_eq!([0, 1, 2].map(withheld), [false, true, false]);
    }
}
