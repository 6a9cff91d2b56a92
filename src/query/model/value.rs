//! Owns the reading of one value of a field. Filters and published files have the same rules.
//! Must not know where the text comes from, nor how the value is stored.

use std::borrow::Cow;

use chrono::Datelike;

use super::field::{Field, Kind};
use super::format::Format;
use super::{breakdown, period};
use crate::problem::Reason;

/// The longest value of a filter or a code, in characters.
pub const VALUE_LENGTH: usize = 200;

/// The most digits of a decimal number: those before and after the point.
pub const DECIMAL_DIGITS: usize = 30;

/// The most significant digits of a published number. Any decimal number with so many is the same number again after it was
/// read as a double (IEEE 754), which is how JSON, Parquet and spreadsheets are read.
pub const SIGNIFICANT_DIGITS: usize = 15;

/// The number of significant digits of a decimal number: without the zeros at its start and its end.
pub fn significant_digits(number: &str) -> usize {
    let digits = || number.bytes().filter(u8::is_ascii_digit);
    let leading = digits().take_while(|digit| *digit == b'0').count();
    let length = digits().count();
    if leading == length {
        return 0;
    }
    length - leading - digits().rev().take_while(|digit| *digit == b'0').count()
}

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
        Kind::Code if field.format == Some(Format::Breakdown) => match breakdown::is_code(text) {
            true => Ok(Cow::Borrowed(text)),
            false => Err(format!("is not the code of a breakdown: {}", breakdown::GRAMMAR)),
        },
        Kind::Code => code(text),
        Kind::Choice(choices) | Kind::ChoiceList(choices) => {
            if choices.iter().any(|choice| choice.value == text) {
                Ok(Cow::Borrowed(text))
            } else {
                Err("is not one of the values of this field".to_owned())
            }
        }
        Kind::Boolean => match text {
            "true" | "false" => Ok(Cow::Borrowed(text)),
            _ => Err("is neither `true` nor `false`".to_owned()),
        },
        Kind::Integer { minimum, maximum } => integer(text, minimum, maximum).map(|n| Cow::Owned(n.to_string())),
        Kind::Decimal => decimal(text),
        Kind::Date | Kind::PeriodBound { .. } => period::day(text)
            .map(|_| Cow::Borrowed(text))
            .ok_or_else(|| "is not a day of the calendar, such as 2019-06-30".to_owned()),
        Kind::Timestamp => chrono::DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|time| time.to_utc())
            .filter(|time| (1..=9999).contains(&time.year()) && time.timestamp_subsec_nanos() < 1_000_000_000)
            .map(|time| Cow::Owned(instant(time)))
            .ok_or_else(|| "is not an instant such as 2026-03-01T08:00:00Z".to_owned()),
        Kind::Period => period::parse(text)
            .map(|_| Cow::Borrowed(text))
            .ok_or_else(|| format!("is not a period; periods look like {}, {}", period::FORMS.join(", "), period::OPEN_FORM)),
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

/// Why [`integer`] refuses a text.
pub fn integer_reason(text: &str) -> Reason {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole { Reason::OutOfRange } else { Reason::BadSyntax }
}

/// Why [`parse`] refuses a text.
pub fn reason(field: &Field, text: &str) -> Reason {
    match field.kind {
        _ if text.is_empty() => Reason::Missing,
        Kind::Choice(_) | Kind::ChoiceList(_) => Reason::UnknownValue,
        Kind::Integer { .. } => integer_reason(text),
        Kind::Code if text.len() > VALUE_LENGTH => Reason::TooLong,
        _ => Reason::BadSyntax,
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

/// Writes an instant as RFC 3339 in UTC with microseconds.
pub fn instant(time: chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::{DECIMAL_DIGITS, VALUE_LENGTH, integer, parse, significant_digits};
    use crate::query::model::field::{Choice, Field, Kind};

    const STAGES: &[Choice] = &[Choice { value: "paid", label: "payé", meaning: "" }];

    fn read(kind: Kind, text: &str) -> Result<String, String> {
        parse(&Field::optional("field", kind, "", ""), text)
    }

    #[test]
    fn values_of_every_kind_have_a_canonical_text() {
        for (kind, text, canonical) in [
            (Kind::Text, "Saint-Étienne\r\n", "Saint-Étienne\r\n"),
            (Kind::Code, "COM-2A004", "COM-2A004"),
            (Kind::Reference("territories"), "essai~1", "essai~1"),
            (Kind::Choice(STAGES), "paid", "paid"),
            (Kind::ChoiceList(STAGES), "paid", "paid"),
            (Kind::Integer { minimum: 0, maximum: 10 }, "007", "7"),
            (Kind::Boolean, "true", "true"),
            (Kind::Boolean, "false", "false"),
            (Kind::Decimal, "-12.50", "-12.50"),
            (Kind::Decimal, "12", "12"),
            (Kind::Date, "2020-02-29", "2020-02-29"),
            (Kind::Timestamp, "2026-03-01T09:00:00.5+01:00", "2026-03-01T08:00:00.500000Z"),
            (Kind::Period, "2019-Q3", "2019-Q3"),
            (Kind::Period, "2019-05-25/..", "2019-05-25/.."),
            (Kind::Json { array: false }, "{\"a\":1}", "{\"a\":1}"),
            (Kind::Json { array: true }, "[]", "[]"),
        ] {
            assert_eq!(read(kind, text).as_deref(), Ok(canonical), "{text}");
        }
    }

    #[test]
    fn values_of_the_wrong_kind_are_refused_with_what_would_be_right() {
        let decimal = "is not a decimal number with a point and at most 30 digits, such as 12.5";
        let code = "is not a code: letters, digits and hyphens, at most 200";
        let instant = "is not an instant such as 2026-03-01T08:00:00Z";
        for (kind, text, why) in [
            (Kind::Text, "", "is empty"),
            (Kind::Text, "a\0b", "holds a NUL character"),
            (Kind::Code, "", code),
            (Kind::Code, "à", code),
            (Kind::Code, "a~b", code),
            (Kind::Choice(STAGES), "Paid", "is not one of the values of this field"),
            (Kind::Integer { minimum: 0, maximum: 10 }, "11", "is not a whole number from 0 to 10"),
            (Kind::Integer { minimum: 0, maximum: 10 }, "+1", "is not a whole number from 0 to 10"),
            (Kind::Boolean, "True", "is neither `true` nor `false`"),
            (Kind::Boolean, "1", "is neither `true` nor `false`"),
            (Kind::Boolean, "oui", "is neither `true` nor `false`"),
            (Kind::Decimal, "1e5", decimal),
            (Kind::Decimal, ".5", decimal),
            (Kind::Decimal, "5.", decimal),
            (Kind::Decimal, "1,5", decimal),
            (Kind::Decimal, "NaN", decimal),
            (Kind::Decimal, "--1", decimal),
            (Kind::Date, "2019-02-29", "is not a day of the calendar, such as 2019-06-30"),
            (Kind::Timestamp, "2026-03-01", instant),
            (Kind::Timestamp, "2016-12-31T23:59:60Z", instant),
            (
                Kind::Period,
                "2019-Q5",
                "is not a period; periods look like 2019, 2019-Q3, 2019-06, 2019-06-30, 2019-01-01/2019-10-31, 2019-05-25/..",
            ),
            (Kind::Json { array: false }, "[]", "is not a JSON object without NUL characters"),
            (Kind::Json { array: true }, "{}", "is not a JSON array without NUL characters"),
            (Kind::Json { array: false }, "{\"a\":\"\\u0000\"}", "is not a JSON object without NUL characters"),
            (Kind::Json { array: false }, "{", "is not JSON"),
        ] {
            assert_eq!(read(kind, text), Err(why.to_owned()), "{text}");
        }
    }

    #[test]
    fn codes_and_decimals_have_a_longest_text() {
        assert!(read(Kind::Code, &"a".repeat(VALUE_LENGTH)).is_ok());
        assert!(read(Kind::Code, &"a".repeat(VALUE_LENGTH + 1)).is_err());
        let digits = "9".repeat(DECIMAL_DIGITS - 1);
        assert!(read(Kind::Decimal, &format!("-{digits}.9")).is_ok());
        assert!(read(Kind::Decimal, &format!("{digits}.99")).is_err());
    }

    #[test]
    fn zeros_at_either_end_are_not_significant() {
        for (number, count) in [
            ("0", 0),
            ("0.00", 0),
            ("-0.0010", 1),
            ("1200", 2),
            ("1000000000000000000", 1),
            ("100.5", 4),
            ("0.30000000000000004", 17),
            ("-123456789.012345", 15),
        ] {
            assert_eq!(significant_digits(number), count, "{number}");
        }
    }

    #[test]
    fn whole_numbers_have_digits_only_and_keep_to_their_bounds() {
        assert_eq!(integer("-9223372036854775808", i64::MIN, i64::MAX), Ok(i64::MIN));
        for text in ["", "-", "+1", "1.0", "1e3", " 1", "٣", "0x10", "9223372036854775808"] {
            assert_eq!(integer(text, i64::MIN, i64::MAX), Err("is not a whole number".to_owned()), "{text}");
        }
    }
}
