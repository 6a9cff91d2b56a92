//! Owns periods, such as `2019`, `2019-Q3`, `2019-06`, `2019-06-30` and `2019-01-01/2019-10-31`: ISO 8601 with quarters; and
//! `2019-05-25/..`, which goes on: an interval with an open end (ISO 8601-2, EDTF).
//! Must not know where periods are used.

use chrono::{Datelike, Months, NaiveDate};

/// A period with its first and last day, both included. An open one has no last day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// The text as published.
    pub text: String,
    /// First day.
    pub start: NaiveDate,
    /// Last day; `None` if the end is open.
    pub end: Option<NaiveDate>,
}

/// The length of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodLength {
    /// Whole months: a year has 12.
    Months(i32),
    /// Days of a period that does not begin and end with a month.
    Days(i64),
}

impl Period {
    /// Its length; `None` if its end is open. Periods of one length can be compared: two months, even if one has 28 days.
    pub fn length(&self) -> Option<PeriodLength> {
        let end = self.end?;
        let next = end.succ_opt().unwrap_or(end);
        if self.start.day() == 1 && next.day() == 1 {
            let months = |day: NaiveDate| day.year() * 12 + day.month0().cast_signed();
            return Some(PeriodLength::Months(months(next) - months(self.start)));
        }
        Some(PeriodLength::Days((next - self.start).num_days()))
    }
}

/// Stands for an open end, after the `/` of an interval.
pub const OPEN: &str = "..";

/// An example of each form that has an end, for error messages.
pub const FORMS: [&str; 5] = ["2019", "2019-Q3", "2019-06", "2019-06-30", "2019-01-01/2019-10-31"];

/// An example of the form with an open end.
pub const OPEN_FORM: &str = "2019-05-25/..";

/// Reads a period. Years run from 1000 to 9999. An interval must not end before it starts. An open one begins with the first
/// day of a year, quarter, month or day.
pub fn parse(text: &str) -> Option<Period> {
    let (start, end) = match text.split_once('/') {
        Some((first, OPEN)) => (bounds(first)?.0, None),
        Some((first, last)) => (day(first)?, Some(day(last)?)),
        None => bounds(text).map(|(first, last)| (first, Some(last)))?,
    };
    end.is_none_or(|end| start <= end).then(|| Period { text: text.to_owned(), start, end })
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

#[cfg(test)]
mod tests {
    use super::{FORMS, OPEN_FORM, PeriodLength, day, parse};

    fn days(text: &str) -> Option<(String, String)> {
        parse(text).map(|period| (period.start.to_string(), period.end.map_or_else(String::new, |day| day.to_string())))
    }

    #[test]
    fn every_form_has_its_first_and_last_day() {
        for (text, first, last) in [
            ("2019", "2019-01-01", "2019-12-31"),
            ("2019-Q1", "2019-01-01", "2019-03-31"),
            ("2019-Q4", "2019-10-01", "2019-12-31"),
            ("2020-02", "2020-02-01", "2020-02-29"),
            ("2019-12", "2019-12-01", "2019-12-31"),
            ("2019-06-30", "2019-06-30", "2019-06-30"),
            ("2019-01-01/2019-10-31", "2019-01-01", "2019-10-31"),
            ("2019-06-30/2019-06-30", "2019-06-30", "2019-06-30"),
            ("9999", "9999-01-01", "9999-12-31"),
            ("2019-05-25/..", "2019-05-25", ""),
            ("2019-04/..", "2019-04-01", ""),
            ("2019-Q3/..", "2019-07-01", ""),
            ("2019/..", "2019-01-01", ""),
        ] {
            assert_eq!(days(text), Some((first.to_owned(), last.to_owned())), "{text}");
            assert_eq!(parse(text).map(|period| period.text).as_deref(), Some(text));
        }
        assert!(FORMS.into_iter().all(|form| parse(form).is_some_and(|period| period.end.is_some())));
        assert!(parse(OPEN_FORM).is_some_and(|period| period.end.is_none()));
    }

    #[test]
    fn the_length_of_a_period_is_in_months_if_it_has_whole_ones() {
        for (text, length) in [
            ("2019", PeriodLength::Months(12)),
            ("2019-Q4", PeriodLength::Months(3)),
            ("2020-02", PeriodLength::Months(1)),
            ("2019-01-01/2019-12-31", PeriodLength::Months(12)),
            ("2019-12-01/2020-01-31", PeriodLength::Months(2)),
            ("2019-01-01/2019-10-30", PeriodLength::Days(303)),
            ("2019-06-30", PeriodLength::Days(1)),
            ("2019-06-01", PeriodLength::Days(1)),
        ] {
            assert_eq!(parse(text).and_then(|period| period.length()), Some(length), "{text}");
        }
    }

    #[test]
    fn texts_that_are_no_periods_are_refused() {
        for text in [
            "",
            "0999",
            "99",
            "20190",
            "+2019",
            "2019-0",
            "2019-00",
            "2019-13",
            "2019-Q0",
            "2019-Q5",
            "2019-q1",
            "2019-Q",
            "2019Q1",
            "2019-02-29",
            "2019-6-30",
            "2019-06-31",
            " 2019",
            "2019/2020",
            "2019-01/2019-02",
            "2019-10-31/2019-01-01",
            "2019-01-01/2019-02-01/2019-03-01",
            "../2019-05-25",
            "../..",
            "2019-05-25/",
            "2019-05-25/...",
            "2019-02-29/..",
            "2019-01-01/2019-02-01/..",
            "/..",
            "..",
            "٢٠١٩",
            "201é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_has_ten_characters_and_is_in_the_calendar() {
        assert_eq!(day("2020-02-29").map(|day| day.to_string()).as_deref(), Some("2020-02-29"));
        for text in ["2019-02-29", "2020-2-29", "2020-02-9", "20200229", "2020-02-290", "0999-01-01", "2020-02-29T00:00:00Z"] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
