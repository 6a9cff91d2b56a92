//! Owns the reading of days and periods as agencies write them: `juin-20`, `2001-T4`, `2022/01/13_2024/01/12`.
//! Must not know the place of a period.

use std::fmt::Write;

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

use crate::problem::echo;
use crate::query::fold::fold;

/// The forms of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PeriodForm {
    /// `2021`.
    Year,
    /// `2001-T4`, `T4 2001`, `2001 Q4`.
    Quarter,
    /// `juin-20`, `juin 2020`, `2020-06`, `06/2020`, or a day of the month.
    Month,
    /// A day in the format of `date`.
    Day,
    /// Two days in the format of `date`, separated by `_`, `/` or ` - `.
    Interval,
}

/// The first letters of the French names of months, folded, which tell each month from the others.
const MONTHS: [&[&str]; 12] = [
    &["janv"],
    &["fev"],
    &["mars"],
    &["avr"],
    &["mai"],
    &["juin"],
    &["juil"],
    &["aout"],
    &["sept"],
    &["oct"],
    &["nov"],
    &["dec"],
];

/// Converts a day to ISO 8601.
///
/// # Errors
/// Returns what would be right.
pub fn day(text: &str, format: &str) -> Result<String, String> {
    let read = NaiveDate::parse_from_str(text, format).or_else(|_| NaiveDate::parse_from_str(text, "%Y-%m-%d"));
    let day = read.ok().filter(|day| (1000..=9999).contains(&day.year()));
    day.map(|day| day.to_string())
        .ok_or_else(|| format!("is not a day of the calendar, such as {}", example(format).unwrap_or_default()))
}

/// A day in this format; `None` if the format is no `strftime` format of days, for which chrono fails to write.
fn example(format: &str) -> Option<String> {
    let (mut text, day) = (String::new(), NaiveDate::from_ymd_opt(2019, 6, 30)?);
    write!(text, "{}", day.format(format)).ok().map(|()| text)
}

/// Checks that a format can write and read days.
///
/// # Errors
/// Returns what would be right.
pub fn check_format(format: &str) -> Result<(), String> {
    let read = example(format).and_then(|text| NaiveDate::parse_from_str(&text, format).ok());
    match read {
        Some(_) => Ok(()),
        None => Err(format!("`date` is `{}`, which is not a format of days such as %d/%m/%Y", echo(format))),
    }
}

/// Converts a period to ISO 8601.
///
/// # Errors
/// Returns what would be right.
pub fn period(text: &str, form: PeriodForm, date: Option<&str>) -> Result<String, String> {
    let format = date.unwrap_or("%Y-%m-%d");
    match form {
        PeriodForm::Year => year(text).ok_or_else(|| "is not a year such as 2021".to_owned()),
        PeriodForm::Quarter => quarter(text).ok_or_else(|| "is not a quarter such as 2001-T4".to_owned()),
        PeriodForm::Month => month(text).ok_or_else(|| "is not a month such as juin-20 or 2020-06".to_owned()),
        PeriodForm::Day => day(text, format),
        PeriodForm::Interval => interval(text, format),
    }
}

fn year(text: &str) -> Option<String> {
    (text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.to_owned())
}

fn quarter(text: &str) -> Option<String> {
    let mut parts = text.split(['-', ' ', '/']).filter(|part| !part.is_empty());
    let (first, second) = (parts.next()?, parts.next()?);
    let (number, years) = if first.starts_with(['T', 'Q']) { (first, second) } else { (second, first) };
    let number = number.strip_prefix(['T', 'Q']).filter(|digit| matches!(*digit, "1" | "2" | "3" | "4"))?;
    parts.next().is_none().then(|| year(years).map(|year| format!("{year}-Q{number}")))?
}

fn month(text: &str) -> Option<String> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day.format("%Y-%m").to_string());
    }
    let mut parts = text.split(['-', ' ', '/', '.']).filter(|part| !part.is_empty());
    let (first, second) = (parts.next()?, parts.next()?);
    let named = |text: &str| {
        let folded = fold(text);
        MONTHS.iter().position(|names| names.iter().any(|name| folded.starts_with(name))).map(|at| at + 1)
    };
    let numbered = |text: &str| text.parse::<usize>().ok().filter(|month| text.len() <= 2 && (1..=12).contains(month));
    let (month, years) = match named(first).or_else(|| numbered(first)) {
        Some(month) => (month, second),
        None => (named(second).or_else(|| numbered(second))?, first),
    };
    let years = match years.len() {
        2 if years.bytes().all(|byte| byte.is_ascii_digit()) => format!("20{years}"),
        _ => year(years)?,
    };
    parts.next().is_none().then(|| format!("{years}-{month:02}"))
}

fn interval(text: &str, format: &str) -> Result<String, String> {
    let halves = ["_", " - ", " au "].iter().find_map(|mark| text.split_once(mark)).or_else(|| match text.matches('/').count() {
        1 => text.split_once('/'),
        _ => None,
    });
    match halves {
        Some((first, last)) => Ok(format!("{}/{}", day(first.trim(), format)?, day(last.trim(), format)?)),
        None => day(text, format),
    }
}

#[cfg(test)]
mod tests {
    use super::{PeriodForm, check_format, day, period};

    #[test]
    fn formats_that_write_no_day_are_refused() {
        for format in ["%d/%m/%Y", "%Y%m%d", "le %d %m %Y", "%F"] {
            assert_eq!(check_format(format), Ok(()), "{format}");
        }
        for format in ["%Q", "%H:%M", "%", "%Y", "%d/%m", "", "jour", "%+"] {
            assert!(check_format(format).is_err_and(|why| why.contains("such as %d/%m/%Y")), "{format}");
            assert!(day("hier", format).is_err(), "{format}");
        }
    }

    #[test]
    fn days_are_read_in_the_format_of_the_recipe_and_in_iso_8601() {
        assert_eq!(day("13/01/2022", "%d/%m/%Y").as_deref(), Ok("2022-01-13"));
        assert_eq!(day("2022-01-13", "%d/%m/%Y").as_deref(), Ok("2022-01-13"));
        for text in ["31/02/2022", "13-01-2022", "01/13/2022", "13/01/0022", ""] {
            assert_eq!(day(text, "%d/%m/%Y"), Err("is not a day of the calendar, such as 30/06/2019".to_owned()), "{text}");
        }
    }

    #[test]
    fn periods_are_read_in_every_form() {
        use PeriodForm::{Day, Interval, Month, Quarter, Year};
        for (form, text, expected) in [
            (Year, "2021", "2021"),
            (Quarter, "2001-T4", "2001-Q4"),
            (Quarter, "T4 2001", "2001-Q4"),
            (Quarter, "2001 Q1", "2001-Q1"),
            (Month, "juin-20", "2020-06"),
            (Month, "Février 2020", "2020-02"),
            (Month, "août 2020", "2020-08"),
            (Month, "Décembre-19", "2019-12"),
            (Month, "2020-06", "2020-06"),
            (Month, "06/2020", "2020-06"),
            (Month, "2020-06-30", "2020-06"),
            (Day, "30/06/2019", "2019-06-30"),
            (Interval, "01/01/2019_31/10/2019", "2019-01-01/2019-10-31"),
            (Interval, "01/01/2019 - 31/10/2019", "2019-01-01/2019-10-31"),
            (Interval, "01/01/2019 au 31/10/2019", "2019-01-01/2019-10-31"),
            (Interval, "2019-01-01/2019-10-31", "2019-01-01/2019-10-31"),
            (Interval, "30/06/2019", "2019-06-30"),
        ] {
            assert_eq!(period(text, form, Some("%d/%m/%Y")).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn periods_of_another_form_are_refused_with_an_example() {
        for (form, text, why) in [
            (PeriodForm::Year, "21", "is not a year such as 2021"),
            (PeriodForm::Year, "2021-06", "is not a year such as 2021"),
            (PeriodForm::Quarter, "2001-T5", "is not a quarter such as 2001-T4"),
            (PeriodForm::Quarter, "2001", "is not a quarter such as 2001-T4"),
            (PeriodForm::Month, "brumaire 2020", "is not a month such as juin-20 or 2020-06"),
            (PeriodForm::Month, "2020-13", "is not a month such as juin-20 or 2020-06"),
            (PeriodForm::Month, "juin", "is not a month such as juin-20 or 2020-06"),
            (PeriodForm::Interval, "hier", "is not a day of the calendar, such as 2019-06-30"),
        ] {
            assert_eq!(period(text, form, None), Err(why.to_owned()), "{text}");
        }
    }
}
