//! Owns the reading of one value of a field. Filters and published files have the same rules.
//! Must not know where the text comes from, nor how the value is stored.

use std::borrow::Cow;

use chrono::Datelike;

use super::field::{Field, Kind};
use super::period;

/// The longest value of a filter or a code, in characters.
pub const VALUE_LENGTH: usize = 200;

/// The most digits of a decimal number: those before and after the point.
pub const DECIMAL_DIGITS: usize = 30;

/// Reads one value of a field, or one element of a list field, and returns its canonical text.
///
/// # Errors
/// Returns the end of a sentence that begins with the value: "is not a whole number".
pub fn parse(field: &Field, text: &str) -> Result<String, String> {
    check(field, text).map(Cow::into_owned)
}

/// The same as [`parse`], without a copy if the text is canonical already.
///
/// # Errors
/// Returns the end of a sentence that begins with the value: "is not a whole number".
pub fn check<'t>(field: &Field, text: &'t str) -> Result<Cow<'t, str>, String> {
    match field.kind {
        Kind::Code => code(text),
        Kind::Choice(choices) | Kind::ChoiceList(choices) => {
            if choices.iter().any(|choice| choice.value == text) {
                Ok(Cow::Borrowed(text))
            } else {
                Err("is not one of the values of this field".to_owned())
            }
        }
        Kind::Integer { minimum, maximum } => integer(text, minimum, maximum).map(|n| Cow::Owned(n.to_string())),
        Kind::Decimal => decimal(text),
        Kind::Date | Kind::PeriodBound { .. } => period::day(text)
            .map(|_| Cow::Borrowed(text))
            .ok_or_else(|| "is not a day of the calendar, such as 2019-06-30".to_owned()),
        Kind::Timestamp => chrono::DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|time| time.to_utc())
            .filter(|time| (1..=9999).contains(&time.year()) && time.timestamp_subsec_nanos() < 1_000_000_000)
            .map(|time| Cow::Owned(time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)))
            .ok_or_else(|| "is not an instant such as 2026-03-01T08:00:00Z".to_owned()),
        Kind::Period => period::parse(text)
            .map(|_| Cow::Borrowed(text))
            .ok_or_else(|| format!("is not a period; periods look like {}", period::FORMS.join(", "))),
        Kind::Json { array } => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(json) if json.is_array() == array && (array || json.is_object()) && !text.contains("\\u0000") => {
                Ok(Cow::Borrowed(text))
            }
            Ok(_) => Err(format!("is not a JSON {} without NUL characters", if array { "array" } else { "object" })),
            Err(_) => Err("is not JSON".to_owned()),
        },
        Kind::Text | Kind::TextList | Kind::Reference(_) | Kind::References(_) | Kind::JoinedCode => plain(text),
    }
}

/// Reads a whole number between bounds: ASCII digits with an optional minus. A plus, spaces and exponents are errors.
///
/// # Errors
/// Returns the end of a sentence that begins with the value.
pub fn integer(text: &str, minimum: i64, maximum: i64) -> Result<i64, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let number = (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<i64>().ok()).flatten();
    match number {
        Some(n) if (minimum..=maximum).contains(&n) => Ok(n),
        _ if minimum == i64::MIN => Err("is not a whole number".to_owned()),
        _ => Err(format!("is not a whole number from {minimum} to {maximum}")),
    }
}

fn decimal(text: &str) -> Result<Cow<'_, str>, String> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if digits(whole) && digits(fraction) && whole.len() + fraction.len() <= DECIMAL_DIGITS {
        Ok(Cow::Borrowed(text))
    } else {
        Err(format!("is not a decimal number with a point and at most {DECIMAL_DIGITS} digits, such as 12.5"))
    }
}

fn code(text: &str) -> Result<Cow<'_, str>, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !text.is_empty() && text.len() <= VALUE_LENGTH && text.chars().all(allowed) {
        Ok(Cow::Borrowed(text))
    } else {
        Err(format!("is not a code: letters, digits and hyphens, at most {VALUE_LENGTH}"))
    }
}

fn plain(text: &str) -> Result<Cow<'_, str>, String> {
    if text.is_empty() {
        Err("is empty".to_owned())
    } else if text.contains('\0') {
        Err("holds a NUL character".to_owned())
    } else {
        Ok(Cow::Borrowed(text))
    }
}
