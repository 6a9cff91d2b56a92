//! Owns the reading of a request for changes: its releases, its datasets, and the filters on their rows.
//! Must not know how changes are found or written.

use std::collections::BTreeSet;

use super::page::{EXPIRED_CURSOR, INVALID_CURSOR};
use super::parameters::read;
use super::spellings;
use crate::problem::{Fault, Reason, echo};
use crate::query::collection::context::Context;
use crate::query::collection::operator::SEPARATOR;
use crate::query::collection::parameter::Parameter;
use crate::query::model::dataset::Dataset;
use crate::query::model::representation::Representation;
use crate::query::model::value;
use crate::query::pairs;
use crate::query::plan::Plan;
use crate::query::plan::changes::{Changes, REPRESENTATIONS, has_changes};
use crate::query::plan::cursor::{self, CursorError};
use crate::query::plan::selection::LIST_VALUES;
use crate::query::suggest::closest;

/// The parameters that this file reads itself. A collection reads the others.
const OWN_PARAMETERS: [&str; 5] = ["since", "until", "dataset", "cursor", "format"];

type Pairs = [(String, String)];

/// Validates the pairs of a query for changes. `preferred` is the representation that the `Accept` header asks for; the
/// parameter `format` goes before it.
///
/// # Errors
/// Returns every fault of the request.
pub fn changes(registry: &'static [&'static Dataset], pairs: &Pairs, preferred: Representation) -> Result<Changes, Vec<Fault>> {
    let is_filter = |name: &str| {
        let filters = |dataset: &&'static Dataset| accepted(Context::of(registry, dataset), true).into_iter();
        let mut all = registry.iter().filter(|dataset| has_changes(dataset)).flat_map(filters);
        all.any(|each| matches!(each, Parameter::Filter(..)) && each.is_named(name))
    };
    let pairs = &spellings::plain(pairs, is_filter, |name| name == "dataset")[..];
    let mut faults = duplicates(pairs);
    let find = |name: &str| pairs.iter().find(|(other, _)| other == name).map(|(_, text)| text.as_str());
    let since = find("since").and_then(|text| release("since", text, 0, &mut faults)).unwrap_or(0);
    let until = find("until").and_then(|text| release("until", text, 1, &mut faults));
    let named = find("dataset").and_then(|text| named_datasets(registry, text, &mut faults));
    let representation = find("format").and_then(|text| format(text, &mut faults)).unwrap_or(preferred);
    if until.is_some_and(|until| until < since) {
        faults.push(Fault::new(Reason::OutOfRange, "until", "The value lies before `since`."));
    }
    let datasets = named.unwrap_or_else(|| registry.iter().copied().filter(|dataset| has_changes(dataset)).collect());
    // The faults of the filters are those of one dataset, the one that accepts the most parameters.
    let lead = datasets.iter().copied().find(|dataset| dataset.territory.is_some()).unwrap_or(datasets[0]);
    let accepted = accepted(Context::of(registry, lead), datasets.len() == 1);
    let filters = filters(registry, pairs, &accepted, &mut faults);
    let plan = |dataset, accepted: &[Parameter], pairs: &Pairs| -> Result<Plan, Vec<Fault>> {
        read(Context::of(registry, dataset), None, accepted, pairs, representation)
    };
    let lead = plan(lead, &accepted, &filters).map_err(|found| faults.extend(found)).ok();
    let (Some(lead), true) = (lead, faults.is_empty()) else { return Err(faults) };
    let mut plans = Vec::with_capacity(datasets.len());
    for dataset in datasets {
        let suited = accepted.iter().copied().filter(|each| dataset.territory.is_some() || !is_scope(*each));
        let suited: Vec<Parameter> = suited.collect();
        let kept = filters.iter().filter(|(name, _)| suited.iter().any(|each| each.is_named(name)));
        plans.push(plan(dataset, &suited, &kept.cloned().collect::<Vec<_>>())?);
    }
    let mut parameters = lead.parameters;
    parameters.extend(find("since").map(|_| ("since".to_owned(), since.to_string())));
    parameters.extend(until.map(|until| ("until".to_owned(), until.to_string())));
    parameters.extend(find("dataset").map(|_| {
        let names: Vec<&str> = plans.iter().map(|plan| plan.selection.context.dataset.name).collect();
        ("dataset".to_owned(), names.join(","))
    }));
    parameters.sort_unstable();
    let mut changes = Changes { since, until, plans, after: None, parameters };
    if let Some(text) = find("cursor") {
        start(&mut changes, text).map_err(|(reason, detail)| vec![Fault::new(reason, "cursor", detail).value(text)])?;
    }
    Ok(changes)
}

/// Starts the page after the change that a cursor names.
fn start(changes: &mut Changes, text: &str) -> Result<(), (Reason, &'static str)> {
    let position = cursor::decode(text, &changes.identity()).map_err(|error| match error {
        CursorError::Invalid => (Reason::BadCursor, INVALID_CURSOR),
        CursorError::OtherVersion => (Reason::ExpiredCursor, EXPIRED_CURSOR),
        CursorError::OtherRequest => {
            let detail = "The cursor belongs to another request; between pages only what is shown of the changes may change.";
            (Reason::OtherCursor, detail)
        }
    })?;
    changes.after = Some(changes.position(&position).ok_or((Reason::BadCursor, INVALID_CURSOR))?);
    changes.until = Some(position.release);
    Ok(())
}

fn is_scope(parameter: Parameter) -> bool {
    matches!(parameter, Parameter::Within | Parameter::Touching | Parameter::Covers)
}

/// The parameters of a collection that changes accept too. Filters and the map need a single dataset; what depends on
/// other rows, such as a search, cannot be decided for a row that has changed.
fn accepted(context: Context, single: bool) -> Vec<Parameter> {
    let suits = |parameter: &Parameter| match parameter {
        Parameter::Filter(..) | Parameter::Relation(_) | Parameter::Bbox | Parameter::Lon | Parameter::Lat => single,
        Parameter::Limit => true,
        other => is_scope(*other),
    };
    context.parameters().into_iter().filter(suits).collect()
}

fn duplicates(pairs: &Pairs) -> Vec<Fault> {
    let mut seen = BTreeSet::new();
    let own = pairs.iter().map(|(name, _)| name).filter(|name| OWN_PARAMETERS.contains(&name.as_str()));
    own.filter(|name| !seen.insert(*name))
        .map(|name| Fault::new(Reason::Repeated, name, "The parameter is given more than once; give it once."))
        .collect()
}

fn release(name: &str, text: &str, least: i64, faults: &mut Vec<Fault>) -> Option<i32> {
    let number = value::integer(text, least, i64::from(i32::MAX));
    let number = number
        .map_err(|why| faults.push(Fault::new(value::integer_reason(text), name, format!("The value {why}.")).value(text)))
        .ok()?;
    i32::try_from(number).ok()
}

fn word<'w>(name: &str, text: &str, words: &[&'w str], faults: &mut Vec<Fault>) -> Option<&'w str> {
    let found = words.iter().copied().find(|word| *word == text);
    if found.is_none() {
        let fault = Fault::new(Reason::UnknownValue, name, "The value is not one of those admitted.").value(text);
        faults.push(fault.allowed(words.iter().copied()).closest(closest(text, words.iter().copied())));
    }
    found
}

fn format(text: &str, faults: &mut Vec<Fault>) -> Option<Representation> {
    let word = word("format", text, &REPRESENTATIONS.map(Representation::name), faults)?;
    REPRESENTATIONS.into_iter().find(|one| one.name() == word)
}

/// The datasets of a list, in the order of the registry.
fn named_datasets(registry: &'static [&'static Dataset], text: &str, faults: &mut Vec<Fault>) -> Option<Vec<&'static Dataset>> {
    let all = || registry.iter().copied().filter(|dataset| has_changes(dataset));
    let names: Vec<&str> = all().map(|dataset| dataset.name).collect();
    let given = pairs::list(text);
    if given.len() > LIST_VALUES {
        let detail = format!("The list has {} values; at most {LIST_VALUES} are admitted.", given.len());
        faults.push(Fault::new(Reason::TooMany, "dataset", detail));
        return None;
    }
    let before = faults.len();
    let found: Vec<&str> = given.iter().filter_map(|one| word("dataset", one, &names, faults)).collect();
    (faults.len() == before).then(|| all().filter(|dataset| found.contains(&dataset.name)).collect())
}

/// The pairs that a collection reads, with a fault for each pair whose name is unknown.
fn filters(
    registry: &'static [&'static Dataset],
    pairs: &Pairs,
    accepted: &[Parameter],
    faults: &mut Vec<Fault>,
) -> Vec<(String, String)> {
    let is_own = |name: &str| OWN_PARAMETERS.contains(&name);
    let is_named = |parameters: &[Parameter], name: &str| parameters.iter().any(|each| each.is_named(name));
    let (known, unknown): (Vec<_>, Vec<_>) =
        pairs.iter().filter(|(name, _)| !is_own(name)).cloned().partition(|(name, _)| is_named(accepted, name));
    for (name, _) in unknown {
        let filters_one = |dataset: &&'static Dataset| {
            has_changes(dataset) && is_named(&self::accepted(Context::of(registry, dataset), true), &name)
        };
        let detail = match registry.iter().copied().any(|dataset| filters_one(&dataset)) {
            true => format!(
                "`{}` is not a parameter of this address unless `dataset` names the one dataset that it filters.",
                echo(&name)
            ),
            false => format!("`{}` is not a parameter of this address.", echo(&name)),
        };
        let names = accepted.iter().map(|each| each.name().into_owned()).chain(OWN_PARAMETERS.map(str::to_owned));
        let names: Vec<String> = names.collect();
        let plain = names.iter().filter(|name| !name.contains(SEPARATOR));
        let near = closest(&name, names.iter().map(String::as_str));
        faults.push(Fault::new(Reason::UnknownParameter, name, detail).allowed(plain).closest(near));
    }
    known
}
