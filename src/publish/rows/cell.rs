//! Owns the check of one cell: its text becomes a value in the form that `COPY` takes.
//! Must not know files or tables.

use std::borrow::Cow;

use crate::problem::Reason;
use crate::query::model::breakdown;
use crate::query::model::dataset::KEY_SEPARATOR;
use crate::query::model::geometry;
use crate::query::model::period;
use crate::query::model::text::{self, LIST_LENGTH};
use crate::query::model::value;
use crate::query::suggest::closest;
use crate::query::{Dataset, Field, Format, Kind};

/// The first and the last year of published days and periods. The oldest departments and registers are younger, and a later
/// year is a slip.
const YEARS: std::ops::RangeInclusive<i32> = 1700..=2199;

/// The most decimals of an amount in euros.
const EURO_DECIMALS: usize = 2;

/// The separator of values in a list cell.
pub const LIST_SEPARATOR: char = '|';

/// Checks the text of a cell. Returns the value for `COPY`, or None for an empty cell.
///
/// # Errors
/// Returns what is wrong, and what would be right.
pub fn check<'t>(dataset: &Dataset, field: &Field, text: Option<&'t str>) -> Result<Option<Cow<'t, str>>, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return if field.required { Err("is empty, and every row must have a value".to_owned()) } else { Ok(None) };
    };
    if text.contains(KEY_SEPARATOR) && dataset.has_joined_code() && dataset.key.contains(&field.name) {
        return Err(format!("holds a `{KEY_SEPARATOR}`, which joins the parts of a code"));
    }
    if !field.is_list() {
        let value = one(field, text)?;
        dataset.check_end(field, &value)?;
        return Ok(Some(value));
    }
    let count = text.split(LIST_SEPARATOR).count();
    if count > LIST_LENGTH {
        return Err(format!("has {count} values, and at most {LIST_LENGTH} are allowed"));
    }
    let values: Vec<Cow<'_, str>> = text.split(LIST_SEPARATOR).map(|value| one(field, value)).collect::<Result<_, _>>()?;
    Ok(Some(Cow::Owned(array(&values))))
}

/// Why [`check`] refuses a text.
pub fn reason(field: &Field, text: &str) -> Reason {
    let part = match field.is_list() {
        true => text.split(LIST_SEPARATOR).find(|part| one(field, part).is_err()).unwrap_or(text),
        false => text,
    };
    if field.is_list() && text.split(LIST_SEPARATOR).count() > LIST_LENGTH {
        return Reason::TooMany;
    }
    match field.format {
        _ if part.chars().count() > text::max_length(field) => Reason::TooLong,
        Some(Format::Share) if value::check(field, part).is_ok() => Reason::OutOfRange,
        Some(format) if format.degrees().is_some() && value::check(field, part).is_ok() => Reason::OutOfRange,
        _ if dates(field, part).is_err() && value::check(field, part).is_ok() => Reason::OutOfRange,
        _ => value::reason(field, part),
    }
}

fn one<'t>(field: &Field, text: &'t str) -> Result<Cow<'t, str>, String> {
    text::check(text, text::max_length(field))?;
    if let Some(format) = field.format {
        check_format(format, text)?;
    }
    let value = value::check(field, text).map_err(|why| match field.choices() {
        Some(choices) => {
            let words: Vec<&str> = choices.iter().map(|choice| choice.value).collect();
            let meant =
                closest(text, words.iter().copied()).first().map_or(String::new(), |word| format!(" (did you mean `{word}`?)"));
            format!("{why}{meant}: {}", words.join(", "))
        }
        None => why,
    })?;
    if matches!(field.kind, Kind::Decimal) {
        check_precision(field, &value)?;
    }
    dates(field, &value)?;
    if field.format == Some(Format::Geometry) {
        geometry::check_published(&value)?;
    }
    Ok(value)
}

/// Checks that the days of a value lie in the years of published data.
fn dates(field: &Field, text: &str) -> Result<(), String> {
    if !matches!(field.kind, Kind::Date | Kind::Timestamp | Kind::Period) {
        return Ok(());
    }
    let plausible = |day: &str| day.get(..4).and_then(|year| year.parse().ok()).is_some_and(|year| YEARS.contains(&year));
    match text.split('/').filter(|day| *day != period::OPEN).all(plausible) {
        true => Ok(()),
        false => Err(format!("lies outside the years {} to {}", YEARS.start(), YEARS.end())),
    }
}

/// Checks that every reader of a decimal number finds the same number: most read it as a double.
fn check_precision(field: &Field, number: &str) -> Result<(), String> {
    let (digits, most) = (value::significant_digits(number), value::SIGNIFICANT_DIGITS);
    if digits > most {
        return Err(format!("has {digits} significant digits, and at most {most} are allowed"));
    }
    if let Some(most) = field.format.and_then(Format::degrees)
        && !number.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= most)
    {
        return Err(format!("is not a number of degrees from -{most} to {most}"));
    }
    let decimals = number.split_once('.').map_or(0, |(_, fraction)| fraction.trim_end_matches('0').len());
    if field.format == Some(Format::Euros) && decimals > EURO_DECIMALS {
        return Err(format!("has {decimals} decimals, and an amount in euros has at most {EURO_DECIMALS}"));
    }
    Ok(())
}

fn check_format(format: Format, text: &str) -> Result<(), String> {
    let digits = |count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let hint = |count: usize| match text.len() {
        n if n < count && text.bytes().all(|byte| byte.is_ascii_digit()) => "; were leading zeros lost?",
        _ => "",
    };
    match format {
        Format::Siren if !digits(9) => Err(format!("is not a SIREN, which has 9 digits{}", hint(9))),
        Format::Siret if !digits(14) => Err(format!("is not a SIRET, which has 14 digits{}", hint(14))),
        Format::Siren if !luhn(text).is_multiple_of(10) => Err("is not a SIREN: its check digit is wrong".to_owned()),
        Format::Siret if !luhn(text).is_multiple_of(10) && !is_post_office(text) => {
            Err("is not a SIRET: its check digit is wrong".to_owned())
        }
        Format::Rna if !(text.len() == 10 && text.starts_with('W') && text[1..].bytes().all(|b| b.is_ascii_digit())) => {
            Err("is not an RNA number, which is W and 9 digits".to_owned())
        }
        Format::Share if !text.parse::<f64>().is_ok_and(|share| share > 0.0 && share <= 1.0) => {
            Err("is not a share, which is more than 0 and at most 1: 0.5 is half".to_owned())
        }
        Format::Slug if !breakdown::is_slug(text) => {
            Err("is not a code of lower-case letters, digits and hyphens, such as `point-conseil-budget`".to_owned())
        }
        _ => Ok(()),
    }
}

/// The Luhn sum of a number (ISO/IEC 7812-1), which is a multiple of ten for a valid one.
fn luhn(digits: &str) -> u32 {
    let weighed = digits.bytes().rev().map(|byte| u32::from(byte - b'0')).enumerate();
    weighed.map(|(at, digit)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit }).sum()
}

/// Whether a SIRET of La Poste is valid. It has more establishments than check digits, so its digits add up to a
/// multiple of five (Insee, SIRENE).
fn is_post_office(siret: &str) -> bool {
    siret.starts_with("356000000") && siret.bytes().map(|byte| u32::from(byte - b'0')).sum::<u32>().is_multiple_of(5)
}

/// The literal of a text array.
fn array(values: &[Cow<'_, str>]) -> String {
    let quoted: Vec<String> = values.iter().map(|v| format!("\"{}\"", v.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    format!("{{{}}}", quoted.join(","))
}
