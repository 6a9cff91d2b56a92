//! Owns the parsing of requests: the pairs of a query become a plan, or the list of all their faults.
//! Must not know where the pairs come from. Nothing is guessed, and nothing is ignored.

mod changes;
mod columns;
mod filters;
mod order;
mod output;
mod page;
mod parameters;
mod parser;
mod rules;
mod spellings;

pub use changes::changes;

use super::collection::context::Context;
use super::collection::parameter::Parameter;
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
    parameters::read(context, parent, &context.parameters(), pairs, preferred)
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
