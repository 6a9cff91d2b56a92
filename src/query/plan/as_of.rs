//! Owns the instant of `as_of`: the newest release at that instant is read.
//! Must not know which releases exist.

use chrono::{DateTime, Days, TimeDelta, Utc};

use crate::query::model::field::{Field, Kind};
use crate::query::model::{period, value};

/// How long a publication can take from its timestamp to its commit. It writes the timestamp as the last statement
/// before the commit.
const COMMIT_DELAY: TimeDelta = TimeDelta::minutes(5);

/// A release, as answers cite it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its number.
    pub number: i32,
    /// When it was published.
    pub published_at: DateTime<Utc>,
}

/// An instant at which the newest release is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// The value of the parameter in canonical form: a day, or an instant in UTC.
    pub text: String,
    /// The last instant at which the release can have been published.
    pub until: DateTime<Utc>,
}

/// Why a value of `as_of` is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOfError {
    /// It is neither a day nor an instant.
    Unreadable,
    /// It lies in the future: the answer could still change.
    Future,
}

impl AsOf {
    /// Reads a day, which stands for its end in UTC, or an instant (RFC 3339). Today stands for now.
    ///
    /// # Errors
    /// Returns an error if the text is neither, or if it lies after `now`.
    pub fn parse(text: &str, now: DateTime<Utc>) -> Result<Self, AsOfError> {
        const INSTANT: Field = Field::optional("as_of", Kind::Timestamp, "", "");
        let (text, begins, until) = match period::day(text) {
            Some(day) => {
                let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc();
                let next = midnight.checked_add_days(Days::new(1)).ok_or(AsOfError::Unreadable)?;
                (text.to_owned(), midnight, next - TimeDelta::microseconds(1))
            }
            None => {
                let canonical = value::parse(&INSTANT, text).map_err(|_| AsOfError::Unreadable)?;
                let instant = DateTime::parse_from_rfc3339(&canonical).map_err(|_| AsOfError::Unreadable)?.to_utc();
                (canonical, instant, instant)
            }
        };
        if begins > now { Err(AsOfError::Future) } else { Ok(Self { text, until }) }
    }

    /// Whether no release can still be published with a timestamp before the instant, so that its release is final.
    pub fn is_final(&self, now: DateTime<Utc>) -> bool {
        self.until + COMMIT_DELAY < now
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{AsOf, AsOfError};

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn read(text: &str) -> Result<AsOf, AsOfError> {
        AsOf::parse(text, instant("2026-03-01T12:00:00Z"))
    }

    #[test]
    fn a_day_stands_for_its_last_microsecond_and_an_instant_for_itself() {
        let day = AsOf { text: "2026-02-28".to_owned(), until: instant("2026-02-28T23:59:59.999999Z") };
        assert_eq!(read("2026-02-28"), Ok(day));
        let moment = AsOf { text: "2026-02-28T08:00:00.000000Z".to_owned(), until: instant("2026-02-28T08:00:00Z") };
        assert_eq!(read("2026-02-28T09:00:00+01:00"), Ok(moment));
    }

    #[test]
    fn today_and_now_are_read_and_what_has_not_come_yet_is_refused() {
        assert_eq!(read("2026-03-01").map(|today| today.until), Ok(instant("2026-03-01T23:59:59.999999Z")));
        assert!(read("2026-03-01T12:00:00Z").is_ok());
        assert_eq!(read("2026-03-01T12:00:00.000001Z"), Err(AsOfError::Future));
        assert_eq!(read("2026-03-02"), Err(AsOfError::Future));
    }

    #[test]
    fn texts_that_are_no_days_and_no_instants_are_refused() {
        for text in ["", "2026", "2026-02", "2026-02-30", "2026-02-28T08:00:00", "2026-02-28T08:00Z", "hier"] {
            assert_eq!(read(text), Err(AsOfError::Unreadable), "{text}");
        }
    }
}
