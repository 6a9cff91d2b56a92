//! Owns the start of the next page: after the last row, at the same release.
//! Must not know how an answer names it.

use crate::db::read::page::Page;
use crate::query::Plan;
use crate::query::plan::cursor::{self, Position};

/// The start of the next page; `None` on the last page.
pub fn position(plan: &Plan, page: &Page) -> Option<Position> {
    let last = page.rows.last().filter(|_| page.more)?;
    Some(Position { release: page.release.number, values: plan.position(last.view()) })
}

/// The cursor of the next page; `None` on the last page.
pub fn cursor(plan: &Plan, page: &Page) -> Option<String> {
    position(plan, page).map(|position| cursor::encode(&position, &plan.identity()))
}
