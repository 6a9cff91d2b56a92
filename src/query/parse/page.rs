//! Owns the release that is read, and the start of the page: `as_of` and `cursor`.
//! Must not know which releases exist.

use chrono::Utc;

use super::parser::Parser;
use crate::problem::{Fault, Reason};
use crate::query::collection::parameter::Parameter;
use crate::query::model::value;
use crate::query::plan::Plan;
use crate::query::plan::as_of::{AsOf, AsOfError};
use crate::query::plan::cursor::{self, CursorError, Position};

/// The fault of a cursor that this service has not made.
pub const INVALID_CURSOR: &str = "The value is not a cursor of this service; follow the link `next` as it stands.";

/// The fault of a cursor that another version of the program has made.
pub const EXPIRED_CURSOR: &str = "The cursor is of another version of the program; begin again at the first page.";

/// Reads the instant of `as_of`.
pub fn as_of(parser: &mut Parser, text: &str) -> Option<AsOf> {
    let now = Utc::now();
    let fault = |reason: Reason, detail: &str| Fault::new(reason, "as_of", detail).value(text);
    let fault = match AsOf::parse(text, now) {
        Ok(as_of) => return Some(as_of),
        Err(AsOfError::Unreadable) if text.contains(' ') => fault(
            Reason::BadSyntax,
            "The value is not an instant; in an address a `+` stands for a space: write `%2B`, or take the offset `Z`.",
        ),
        Err(AsOfError::Unreadable) => fault(
            Reason::BadSyntax,
            "The value is neither a day, such as 2026-03-01, nor an instant, such as 2026-03-01T08:00:00Z.",
        ),
        Err(AsOfError::Future) => {
            let today = now.date_naive().to_string();
            fault(Reason::OutOfRange, "The value lies in the future: the answer could still change. Today stands for now.")
                .closest([today])
        }
    };
    parser.faults.push(fault);
    None
}

/// Reads the cursor, which must belong to the request that the plan holds.
pub fn cursor(parser: &mut Parser, text: &str, plan: &mut Plan) {
    let position = match cursor::decode(text, &plan.identity()) {
        Ok(position) if position.values.len() == plan.reading.sort.len() && readable(&position, plan) => position,
        Ok(_) | Err(CursorError::Invalid) => {
            return parser.invalid(Parameter::Cursor, Reason::BadCursor, text, INVALID_CURSOR);
        }
        Err(CursorError::OtherVersion) => {
            return parser.invalid(Parameter::Cursor, Reason::ExpiredCursor, text, EXPIRED_CURSOR);
        }
        Err(CursorError::OtherRequest) if !parser.faults.is_empty() => return,
        Err(CursorError::OtherRequest) => {
            let detail = "The cursor belongs to another request; between pages only what is shown of the rows may change.";
            return parser.invalid(Parameter::Cursor, Reason::OtherCursor, text, detail);
        }
    };
    if plan.selection.release.is_some_and(|release| release != position.release) {
        let detail = format!("The cursor reads release {}; leave `release` out or give the same.", position.release);
        return parser.fault(Parameter::Release, Reason::NotTogether, detail);
    }
    plan.selection.release = Some(position.release);
    plan.reading.after = Some(position);
}

/// Whether each value of a position can be a value of its sort term.
fn readable(position: &Position, plan: &Plan) -> bool {
    plan.reading.sort.iter().zip(&position.values).all(|(term, text)| match (text, term.field()) {
        (Some(text), Some(field)) => !text.contains('\0') && (field.is_folded() || value::parse(field, text).is_ok()),
        (Some(text), None) => value::integer(text, 0, i64::from(i32::MAX)).is_ok(),
        (None, _) => !term.is_required(),
    })
}
