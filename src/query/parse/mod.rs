//! Owns the parsing of requests: the pairs of a query become a plan, or the list of all their faults.
//! Must not know where the pairs come from. Nothing is guessed, and nothing is ignored.

mod changes;
mod columns;
mod filters;
mod foreign_names;
mod order;
mod output;
mod page;
mod parameters;
mod parser;
mod rules;
mod spellings;

pub use changes::changes;

use std::borrow::Cow;

use super::collection::context::Context;
use super::collection::operator::SEPARATOR;
use super::collection::parameter::Parameter;
use super::model::field::Field;
use super::model::representation::Representation;
use super::plan::Plan;
use crate::problem::Fault;

/// Validates the pairs of a query against what the collection accepts. `parent` is the code of the row from which a
/// link starts. `preferred` is the representation that the `Accept` header asks for; the parameter `format` goes before
/// it.
///
/// # Errors
/// Returns every fault of the request.
pub fn collection(
    context: Context,
    parent: Option<String>,
    pairs: &[(String, String)],
    preferred: Representation,
) -> Result<Plan, Vec<Fault>> {
    let defaults = defaults(context, pairs);
    let pairs = if defaults.is_empty() { Cow::Borrowed(pairs) } else { Cow::Owned([pairs, &defaults].concat()) };
    parameters::read(context, parent, &context.parameters(), &pairs, preferred)
}

/// The plan for every row of a dataset. Where a list has a default filter, the request names every value of the field, so that
/// its links mean every row too.
///
/// # Errors
/// Returns a fault if the dataset does not have the representation.
pub fn every_row(context: Context, representation: Representation) -> Result<Plan, Vec<Fault>> {
    let opened = |field: &'static Field| {
        let choices = field.list_default.and(field.choices())?;
        let words: Vec<&str> = choices.iter().map(|choice| choice.value).collect();
        Some((field.name.to_owned(), words.join(",")))
    };
    let format = (Parameter::Format.name().into_owned(), representation.name().to_owned());
    let pairs: Vec<(String, String)> = context.dataset.fields.iter().filter_map(opened).chain([format]).collect();
    parameters::read(context, None, &context.parameters(), &pairs, representation)
}

/// The filters that a list has by default, as pairs, so that its links name them and mean the same rows for ever. A request
/// that filters by the field or by the code says itself which rows it wants, and so does one that reads territories on
/// another day.
fn defaults(context: Context, pairs: &[(String, String)]) -> Vec<(String, String)> {
    let filters = |name: &str, field: &Field| {
        name.strip_prefix(field.name).is_some_and(|rest| rest.is_empty() || rest.starts_with(SEPARATOR))
    };
    let given = |field: &Field| pairs.iter().any(|(name, _)| filters(name, field));
    let dated = context.holds_territories() && pairs.iter().any(|(name, _)| Parameter::Geography.is_named(name));
    let named = dated || context.dataset.code_field().is_some_and(given);
    let missing = context.dataset.fields.iter().filter(move |field| !named && !given(field));
    missing.filter_map(|field| Some((field.name.to_owned(), field.list_default?.to_owned()))).collect()
}

/// Validates the pairs of a query for one row. The caller adds the conditions that find the row.
///
/// # Errors
/// Returns every fault of the request.
pub fn item(context: Context, accepted: &[Parameter], pairs: &[(String, String)]) -> Result<Plan, Vec<Fault>> {
    let mut plan = parameters::read(context, None, accepted, pairs, Representation::Json)?;
    plan.selection.checks_codes = false;
    plan.reading.limit = Some(1);
    Ok(plan)
}

/// Validates the pairs of a query for the versions of one row, the newest first. The caller adds the conditions that
/// find the row.
///
/// # Errors
/// Returns every fault of the request.
pub fn history(context: Context, code: String, accepted: &[Parameter], pairs: &[(String, String)]) -> Result<Plan, Vec<Fault>> {
    let mut plan = parameters::read(context, Some(code), accepted, pairs, Representation::Json)?;
    plan.selection.checks_codes = false;
    Ok(plan)
}
