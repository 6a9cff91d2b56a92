//! Owns periods, such as `2019`, `2019-Q3`, `2019-06`, `2019-06-30` and `2019-01-01/2019-10-31`: ISO 8601 with quarters.
//! Must not know where periods are used.

use chrono::{Datelike, Months, NaiveDate};

/// A period with its first and last day, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// The text as published.
    pub text: String,
    /// First day.
    pub start: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
}

/// An example of each form, for error messages.
pub const FORMS: [&str; 5] = ["2019", "2019-Q3", "2019-06", "2019-06-30", "2019-01-01/2019-10-31"];

/// Reads a period. Years run from 1000 to 9999. An interval must not end before it starts.
pub fn parse(text: &str) -> Option<Period> {
    let (start, end) = match text.split_once('/') {
        Some((first, last)) => (day(first)?, day(last)?),
        None => bounds(text)?,
    };
    (start <= end).then(|| Period { text: text.to_owned(), start, end })
}

/// Reads a day in the form `2019-06-30`.
pub fn day(text: &str) -> Option<NaiveDate> {
    let (year, rest) = (digits(text.get(..4)?)?, text.get(4..)?);
    let month = digits(rest.strip_prefix('-')?.get(..2)?)?;
    let last = rest.get(3..)?.strip_prefix('-')?;
    (last.len() == 2).then(|| NaiveDate::from_ymd_opt(year.cast_signed(), month, digits(last)?))?.filter(|d| d.year() >= 1000)
}

fn bounds(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let year = digits(text.get(..4)?).filter(|y| *y >= 1000)?.cast_signed();
    let (month, months) = match text.get(4..)? {
        "" => (1, 12),
        rest if rest.len() == 3 && rest.starts_with("-Q") => match digits(&rest[2..])? {
            quarter @ 1..=4 => (quarter * 3 - 2, 3),
            _ => return None,
        },
        rest if rest.len() == 3 && rest.starts_with('-') => (digits(&rest[1..])?, 1),
        _ => return day(text).map(|d| (d, d)),
    };
    let start = NaiveDate::from_ymd_opt(year, month, 1)?;
    Some((start, start.checked_add_months(Months::new(months))?.pred_opt()?))
}

/// Reads ASCII digits only. `str::parse` would also accept a sign.
fn digits(text: &str) -> Option<u32> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}
