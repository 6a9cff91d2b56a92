//! Owns the order of rows: the terms of `sort`, and those that make the order total.
//! Must not know which rows come.

use super::parser::Parser;
use crate::problem::{Fault, Reason};
use crate::query::collection::parameter::Parameter;
use crate::query::model::field::{Field, Kind};
use crate::query::model::version::VERSION;
use crate::query::pairs;
use crate::query::plan::Plan;
use crate::query::plan::reading::{SORT_TERMS, SortKey, SortTerm};
use crate::query::suggest::closest;

/// A term that compares a field.
fn term(field: &'static Field, descending: bool, folded: bool) -> SortTerm {
    SortTerm { key: SortKey::Field(field), descending, folded }
}

/// Whether two terms compare the same field, or both the rank.
fn same(one: &SortTerm, other: &SortTerm) -> bool {
    match (one.field(), other.field()) {
        (Some(one), Some(other)) => std::ptr::eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

/// Reads the terms of `sort`.
pub fn sort(parser: &mut Parser, text: &str, plan: &mut Plan) -> Option<String> {
    let before = parser.faults.len();
    let terms = pairs::list(text);
    if terms.len() > SORT_TERMS {
        parser.fault(
            Parameter::Sort,
            Reason::TooMany,
            format!("The order has {} terms; at most {SORT_TERMS} are admitted.", terms.len()),
        );
        return None;
    }
    for given in &terms {
        let (name, descending) = given.strip_prefix('-').map_or((given.as_str(), false), |name| (name, true));
        let sortable = || parser.context.shown_fields().into_iter().filter(|field| field.is_sortable());
        let Some(field) = sortable().find(|field| field.name == name) else {
            let sortable: Vec<&str> = sortable().map(|field| field.name).collect();
            let near = closest(name, sortable.iter().copied());
            let detail = "The value is not a field that rows can be sorted by; a `-` before it puts the largest first.";
            parser.faults.push(Fault::new(Reason::UnknownField, "sort", detail).value(given).allowed(sortable).closest(near));
            continue;
        };
        let one = term(field, descending, field.is_folded());
        match plan.reading.sort.iter().any(|earlier| same(earlier, &one)) {
            true => parser.invalid(Parameter::Sort, Reason::Repeated, given, "The field stands in the order twice."),
            false => plan.reading.sort.push(one),
        }
    }
    (parser.faults.len() == before).then(|| text.to_owned())
}

/// Completes the order: the key comes last, and after it the release of each version. The code of a joined key stands
/// for the fields of the key. A search without `sort` comes by rank, then by population. The fields by which rows are grouped are
/// the key of a group.
pub fn complete_order(parser: &Parser, plan: &mut Plan) {
    if parser.context.is_history() {
        plan.reading.sort = vec![term(&VERSION[0], true, false)];
        return;
    }
    let mut given = std::mem::take(&mut plan.reading.sort);
    let by = plan.selection.grouping.as_ref().map(|grouping| grouping.by.clone());
    if given.is_empty() && plan.selection.search.is_some() && by.is_none() {
        given.push(SortTerm { key: SortKey::Rank, descending: true, folded: false });
        given.extend(parser.context.field("population").map(|field| term(field, true, false)));
    }
    let identifying = by.unwrap_or_else(|| parser.context.dataset.key_fields().collect());
    let key = |descending| identifying.iter().map(move |field| term(field, descending, false));
    let expanded = given.into_iter().flat_map(|one| match one.field().map(|field| field.kind) {
        Some(Kind::JoinedCode) => key(one.descending).collect(),
        _ => vec![one],
    });
    let version = plan.selection.vintages.map(|_| term(&VERSION[0], false, false));
    for one in expanded.chain(key(parser.context.dataset.is_newest_first())).chain(version) {
        if !plan.reading.sort.iter().any(|earlier| same(earlier, &one) && (!earlier.folded || one.folded)) {
            plan.reading.sort.push(one);
        }
    }
}
