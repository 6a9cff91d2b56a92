//! Owns the reading of days and periods as people write them: `juin-20`, `2001-T4`, `2022/01/13_2024/01/12`.
//! Must not know where they stand.

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

/// The forms of periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PeriodForm {
    /// `2021`.
    Year,
    /// `2001-T4`, `T4 2001`, `2001 Q4`.
    Quarter,
    /// `juin-20`, `juin 2020`, `2020-06`, `06/2020`, or a day of the month.
    Month,
    /// A day, as `date` says.
    Day,
    /// Two days, as `date` says, with `_`, `/` or ` - ` between them.
    Interval,
}

/// Beginnings of the French names of months, folded, that tell each from all others.
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

/// Reads a day and gives it as ISO 8601.
///
/// # Errors
/// What would be right.
pub fn day(text: &str, format: &str) -> Result<String, String> {
    let read = NaiveDate::parse_from_str(text, format).or_else(|_| NaiveDate::parse_from_str(text, "%Y-%m-%d"));
    let day = read.ok().filter(|day| (1000..=9999).contains(&day.year()));
    let example = NaiveDate::from_ymd_opt(2019, 6, 30).map(|day| day.format(format).to_string()).unwrap_or_default();
    day.map(|day| day.to_string()).ok_or_else(|| format!("is not a day of the calendar, such as {example}"))
}

/// Reads a period and gives it as ISO 8601.
///
/// # Errors
/// What would be right.
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
        let folded = text.to_lowercase().replace(['é', 'è'], "e").replace('û', "u");
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
