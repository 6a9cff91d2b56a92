//! Owns the order of rows and the place in it where a page starts: after which row, at which release.
//! Must not know which rows come.

use chrono::Utc;

use super::Reader;
use crate::problem::Fault;
use crate::query::model::value;
use crate::query::plan::Plan;
use crate::query::plan::as_of::{self, AsOf, Refusal};
use crate::query::plan::cursor::{self, Position};
use crate::query::plan::reading::{By, SORT_TERMS, SortTerm};
use crate::query::plan::vintage::VERSION;
use crate::query::suggest::closest;
use crate::query::{Field, Kind, pairs};

/// A term that compares a field.
fn term(field: &'static Field, descending: bool, folded: bool) -> SortTerm {
    SortTerm { by: By::Field(field), descending, folded }
}

/// Whether two terms compare the same.
fn same(one: &SortTerm, other: &SortTerm) -> bool {
    match (one.field(), other.field()) {
        (Some(one), Some(other)) => std::ptr::eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

impl Reader {
    pub(super) fn sort(&mut self, text: &str, plan: &mut Plan) -> Option<String> {
        let before = self.faults.len();
        let terms = pairs::list(text);
        if terms.len() > SORT_TERMS {
            self.faults
                .push(Fault::new("sort", format!("The order has {} terms; at most {SORT_TERMS} are admitted.", terms.len())));
            return None;
        }
        for given in &terms {
            let (name, descending) = given.strip_prefix('-').map_or((given.as_str(), false), |name| (name, true));
            let Some(field) = self.context.field(name).filter(|field| field.is_sortable()) else {
                let sortable: Vec<&str> = self.context.fields().filter(|f| f.is_sortable()).map(|f| f.name).collect();
                let near = closest(name, sortable.iter().copied());
                let detail = "The value is not a field that rows can be sorted by; a `-` before it puts the largest first.";
                self.faults.push(Fault::new("sort", detail).value(given).allowed(sortable).closest(near));
                continue;
            };
            let one = term(field, descending, field.is_folded());
            match plan.reading.sort.iter().any(|earlier| same(earlier, &one)) {
                true => self.faults.push(Fault::new("sort", "The field stands in the order twice.").value(given)),
                false => plan.reading.sort.push(one),
            }
        }
        (self.faults.len() == before).then(|| text.to_owned())
    }

    /// Ends the order with the key, and of versions with the release that opened each; the code of a joined key stands for its fields. What is searched comes best first,
    /// and of places equally good the one with the most inhabitants.
    pub(super) fn complete_order(&self, plan: &mut Plan) {
        if self.context.is_history() {
            plan.reading.sort = vec![term(&VERSION[0], true, false)];
            return;
        }
        let mut asked = std::mem::take(&mut plan.reading.sort);
        if asked.is_empty() && plan.selection.search.is_some() {
            asked.push(SortTerm { by: By::Rank, descending: true, folded: false });
            asked.extend(self.context.field("population").map(|field| term(field, true, false)));
        }
        let key = |descending| self.context.dataset.key_fields().map(move |field| term(field, descending, false));
        let expanded = asked.into_iter().flat_map(|one| match one.field().map(|field| field.kind) {
            Some(Kind::JoinedCode) => key(one.descending).collect(),
            _ => vec![one],
        });
        let version = plan.selection.vintages.map(|_| term(&VERSION[0], false, false));
        for one in expanded.chain(key(false)).chain(version) {
            if !plan.reading.sort.iter().any(|earlier| same(earlier, &one) && (!earlier.folded || one.folded)) {
                plan.reading.sort.push(one);
            }
        }
    }

    pub(super) fn as_of(&mut self, text: &str) -> Option<AsOf> {
        let now = Utc::now();
        let fault = |detail: &str| Fault::new("as_of", detail).value(text);
        let fault = match as_of::parse(text, now) {
            Ok(as_of) => return Some(as_of),
            Err(Refusal::Unreadable) if text.contains(' ') => {
                fault("The value is not an instant; in an address a `+` stands for a space: write `%2B`, or take the offset `Z`.")
            }
            Err(Refusal::Unreadable) => {
                fault("The value is neither a day, such as 2026-03-01, nor an instant, such as 2026-03-01T08:00:00Z.")
            }
            Err(Refusal::Future) => {
                let today = now.date_naive().to_string();
                fault("The value lies in the future: the answer could still change. Today stands for now.").closest([today])
            }
        };
        self.faults.push(fault);
        None
    }

    pub(super) fn cursor(&mut self, text: &str, plan: &mut Plan) {
        let position = match cursor::decode(text, &plan.identity()) {
            Ok(position) if position.values.len() == plan.reading.sort.len() && readable(&position, plan) => position,
            Ok(_) | Err(cursor::Refusal::Unreadable) => {
                let detail = "The value is not a cursor of this service; follow the link `next` as it stands.";
                return self.faults.push(Fault::new("cursor", detail).value(text));
            }
            Err(cursor::Refusal::OtherRequest) if !self.faults.is_empty() => return,
            Err(cursor::Refusal::OtherRequest) => {
                let detail = "The cursor belongs to another request; between pages only what is shown of the rows may change.";
                return self.faults.push(Fault::new("cursor", detail).value(text));
            }
        };
        if plan.selection.release.is_some_and(|release| release != position.release) {
            let detail = format!("The cursor reads release {}; leave `release` out or give the same.", position.release);
            return self.faults.push(Fault::new("release", detail));
        }
        plan.selection.release = Some(position.release);
        plan.reading.after = Some(position);
    }
}

/// Whether each value of a position can be one of its term.
fn readable(position: &Position, plan: &Plan) -> bool {
    plan.reading.sort.iter().zip(&position.values).all(|(term, text)| match (text, term.field()) {
        (Some(text), Some(field)) => !text.contains('\0') && (field.is_folded() || value::parse(field, text).is_ok()),
        (Some(text), None) => value::integer(text, 0, i64::from(i32::MAX)).is_ok(),
        (None, _) => !term.is_required(),
    })
}
