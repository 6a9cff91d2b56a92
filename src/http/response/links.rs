//! Owns the links of a page: the request itself, the request pinned to its release, the next page.
//! Must not know what is answered.

use std::collections::BTreeMap;

use super::envelope::Links;
use super::next_page;
use crate::db::read::page::Page;
use crate::query::plan::cursor::{self, Position};
use crate::query::{Context, Dataset, Link, Plan, pairs};

/// The path of a plan.
pub fn path(plan: &Plan, parent: Option<&'static Dataset>) -> String {
    match (parent, &plan.selection.parent, plan.selection.context.link) {
        (Some(parent), Some(code), Some(link)) => format!("/v1/{}/{}/{}", parent.name, pairs::encode_segment(code), link.name),
        _ => collection_path(plan.selection.context),
    }
}

/// The addresses related to a row, by name: lists with the filter of a link, and the addresses below the row. `segment` is its
/// code for a path, `value` its code for a query.
pub fn related(dataset: &'static Dataset, segment: &str, value: &str) -> impl Iterator<Item = (&'static str, String)> {
    let listed = dataset.links.iter().filter_map(move |link| Some((link.name, filtered(link, value)?)));
    listed.chain(dataset.below().map(move |name| (name, format!("/v1/{}/{segment}/{name}", dataset.name))))
}

/// The list in which the filter of a link selects its rows; `None` if the link has an address of its own.
pub fn filtered(link: &Link, value: &str) -> Option<String> {
    link.filter().map(|filter| format!("/v1/{}?{filter}={value}", link.target))
}

/// The path of a collection without a parent.
pub fn collection_path(context: Context) -> String {
    let of = if context.aggregated { "aggregates/" } else { "" };
    format!("/v1/{of}{}", context.dataset.name)
}

/// The address of the same rows at the release that was read. A cursor contains its release.
pub fn pinned(plan: &Plan, parent: Option<&'static Dataset>, release: i32) -> String {
    let own = match &plan.reading.after {
        Some(position) => ("cursor", cursor::encode(position, &plan.identity())),
        None => ("release", release.to_string()),
    };
    format!("{}{}", path(plan, parent), plan.query_string(&[own]))
}

/// The links of a page.
pub fn links(plan: &Plan, parent: Option<&'static Dataset>, page: &Page) -> Links {
    let path = path(plan, parent);
    Links {
        this: plan.address(&path),
        pinned: pinned(plan, parent, page.release.number),
        next: next_page::position(plan, page).map(|position| after(plan, parent, &position)),
        previous: None,
        collection: None,
        related: BTreeMap::new(),
    }
}

/// The address of the page that starts after a position.
pub fn after(plan: &Plan, parent: Option<&'static Dataset>, position: &Position) -> String {
    let cursor = ("cursor", cursor::encode(position, &plan.identity()));
    format!("{}{}", path(plan, parent), plan.query_string(&[cursor]))
}
