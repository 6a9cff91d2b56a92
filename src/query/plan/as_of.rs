//! Owns the time of knowledge that a request asks for: a release by its number, or the newest at an instant.
//! Must not know which releases there are.

use chrono::{DateTime, Days, TimeDelta, Utc};

use super::Plan;
use super::cursor;
use crate::query::collection::parameter::Parameter;
use crate::query::model::field::{Field, Kind};
use crate::query::model::period;
use crate::query::model::value;

/// How long after an instant no publication can commit any more that was stamped before it: the stamp is written as the
/// last thing but the commit itself.
const SETTLED: TimeDelta = TimeDelta::minutes(5);

/// A release, as far as answers cite it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its number.
    pub number: i32,
    /// When it was published.
    pub published_at: DateTime<Utc>,
}

/// The newest release at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// As it was asked for, in canonical form: a day, or an instant in UTC.
    pub text: String,
    /// The last instant at which a release may have been published.
    pub until: DateTime<Utc>,
}

/// Why an instant is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is none.
    Unreadable,
    /// It has not come yet: the answer could still change.
    Future,
}

/// Reads a day, which stands for its end in UTC, or an instant (RFC 3339). Today stands for now.
///
/// # Errors
/// [`Refusal`].
pub fn parse(text: &str, now: DateTime<Utc>) -> Result<AsOf, Refusal> {
    const INSTANT: Field = Field::optional("as_of", Kind::Timestamp, "", "");
    let (text, begins, until) = match period::day(text) {
        Some(day) => {
            let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc();
            let next = midnight.checked_add_days(Days::new(1)).ok_or(Refusal::Unreadable)?;
            (text.to_owned(), midnight, next - TimeDelta::microseconds(1))
        }
        None => {
            let canonical = value::parse(&INSTANT, text).map_err(|_| Refusal::Unreadable)?;
            let instant = DateTime::parse_from_rfc3339(&canonical).map_err(|_| Refusal::Unreadable)?.to_utc();
            (canonical, instant, instant)
        }
    };
    if begins > now { Err(Refusal::Future) } else { Ok(AsOf { text, until }) }
}

impl Plan {
    /// Whether the request's own address fixes its release, so that the answer never changes.
    pub fn is_pinned(&self, now: DateTime<Utc>) -> bool {
        match (&self.selection.as_of, self.selection.release) {
            (_, Some(_)) => true,
            (Some(as_of), None) => as_of.until + SETTLED < now,
            (None, None) => false,
        }
    }

    /// The address of the request itself below a path, in canonical form.
    pub fn address(&self, path: &str) -> String {
        format!("{path}{}", self.query_string(self.asked().as_slice()))
    }

    /// What says which release is read, as the request's own address repeats it; nothing when it asks for the newest.
    fn asked(&self) -> Option<(&'static str, String)> {
        match (&self.reading.after, &self.selection.as_of, self.selection.release) {
            (Some(position), ..) => Some(("cursor", cursor::encode(position, &self.identity()))),
            (None, Some(as_of), _) => Some(("as_of", as_of.text.clone())),
            (None, None, Some(release)) => Some(("release", release.to_string())),
            (None, None, None) => None,
        }
    }
}

/// The parameters that say which release is read.
pub const PARAMETERS: [Parameter; 2] = [Parameter::Release, Parameter::AsOf];
