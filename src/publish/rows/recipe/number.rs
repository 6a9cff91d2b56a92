//! Owns the reading of numbers as agencies write them: with separators of thousands, and with marks behind them or in
//! their place.
//! Must not know the place of a number.
//!
//! Decimal points are moved and digits are rounded in the text itself, in linear time. A cell can have millions of
//! digits, which a crate of big numbers parses in quadratic time, and `rust_decimal` holds fewer digits (28) than a
//! field (30). Trailing zeros stay as they were written.

use super::model::{Mark, NumberFormat};

/// The result of reading a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParsedNumber {
    /// A number, or None, with the statuses of its marks.
    Value(Option<String>, Vec<String>),
    /// The cell gives no row.
    Skip,
}

/// Reads the number in a cell.
///
/// # Errors
/// Returns what is wrong, and what would be right.
pub fn read(
    text: &str,
    numbers: &NumberFormat,
    marks: &[Mark],
    scale: i32,
    decimals: Option<u32>,
) -> Result<ParsedNumber, String> {
    let mut text = text.trim();
    if let Some(mark) = marks.iter().find(|mark| mark.text.as_deref() == Some(text)) {
        return Ok(if mark.skip { ParsedNumber::Skip } else { ParsedNumber::Value(None, mark.status.iter().cloned().collect()) });
    }
    let mut statuses = Vec::new();
    for mark in marks {
        if let Some(rest) = mark.suffix.as_deref().and_then(|suffix| text.strip_suffix(suffix)) {
            text = rest.trim_end();
            statuses.extend(mark.status.iter().cloned());
        }
    }
    if text.is_empty() {
        return Err("is empty; a mark of the recipe may say what that means".to_owned());
    }
    let plain = plain(text, numbers).ok_or_else(|| wrong(numbers, marks))?;
    let shifted = if scale == 0 { plain } else { shift(&plain, scale) };
    Ok(ParsedNumber::Value(Some(decimals.map_or(shifted.clone(), |decimals| round(&shifted, decimals))), statuses))
}

fn wrong(numbers: &NumberFormat, marks: &[Mark]) -> String {
    let words: Vec<&str> = marks.iter().filter_map(|mark| mark.text.as_deref()).filter(|text| !text.is_empty()).collect();
    let known = if words.is_empty() { String::new() } else { format!(", nor one of the recipe's marks: {}", words.join(", ")) };
    format!("is not a number with `{}` before its decimals{known}", numbers.decimal)
}

/// The number with a decimal point and without separators of thousands.
fn plain(text: &str, numbers: &NumberFormat) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest.trim_start()),
        None => ("", text),
    };
    let (whole, fraction) = match unsigned.split_once(numbers.decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let groups: Vec<&str> = whole.split(|c| numbers.thousands.contains(&c)).collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let grouped = groups.len() == 1 || (groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3));
    (groups.iter().all(|group| digits(group)) && grouped && fraction.is_none_or(digits)).then(|| match fraction {
        Some(fraction) => format!("{sign}{}.{fraction}", groups.concat()),
        None => format!("{sign}{}", groups.concat()),
    })
}

/// Moves the decimal point by a number of places, exactly.
fn shift(number: &str, places: i32) -> String {
    let (sign, unsigned) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let count = usize::try_from(places.unsigned_abs()).unwrap_or_default();
    let (whole, fraction) = if places >= 0 {
        let moved = format!("{fraction:0<count$}");
        (format!("{whole}{}", &moved[..count]), moved[count..].to_owned())
    } else {
        let moved = format!("{whole:0>width$}", width = count + 1);
        let point = moved.len() - count;
        (moved[..point].to_owned(), format!("{}{fraction}", &moved[point..]))
    };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Rounds half away from zero, as a workbook shows 9.700000000000001.
fn round(number: &str, decimals: u32) -> String {
    let Some((whole, fraction)) = number.split_once('.') else { return number.to_owned() };
    let kept = usize::try_from(decimals).unwrap_or(usize::MAX);
    if fraction.len() <= kept {
        return number.to_owned();
    }
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |rest| ("-", rest));
    let mut digits: Vec<u8> = format!("0{whole}{}", &fraction[..kept]).into_bytes();
    if fraction.as_bytes()[kept] >= b'5' {
        let nines = digits.iter().rev().take_while(|digit| **digit == b'9').count();
        let at = digits.len() - nines - 1;
        digits[at] += 1;
        digits[at + 1..].fill(b'0');
    }
    let text = String::from_utf8_lossy(&digits).into_owned();
    let (whole, fraction) = text.split_at(text.len() - kept);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::{ParsedNumber, read, round, shift};
    use crate::publish::rows::recipe::model::{Mark, NumberFormat};

    fn french() -> NumberFormat {
        NumberFormat { decimal: ',', thousands: vec![' ', '\u{a0}', '\u{202f}'] }
    }

    fn marks() -> [Mark; 4] {
        let mark = |text: Option<&str>, suffix: Option<&str>, status: Option<&str>, skip| Mark {
            text: text.map(str::to_owned),
            suffix: suffix.map(str::to_owned),
            status: status.map(str::to_owned),
            skip,
        };
        [
            mark(Some("s"), None, Some("Q"), false),
            mark(Some(""), None, None, true),
            mark(None, Some("(p)"), Some("P"), false),
            mark(None, Some("(e)"), Some("E"), false),
        ]
    }

    fn value(number: &str, statuses: &[&str]) -> Result<ParsedNumber, String> {
        Ok(ParsedNumber::Value(Some(number.to_owned()), statuses.iter().map(|status| (*status).to_owned()).collect()))
    }

    #[test]
    fn numbers_are_read_with_the_signs_of_the_recipe() {
        for (text, expected) in [
            ("12", "12"),
            ("12,5", "12.5"),
            (" 1 234,50 ", "1234.50"),
            ("1\u{202f}234\u{a0}567", "1234567"),
            ("-3", "-3"),
            ("− 3,5", "-3.5"),
        ] {
            assert_eq!(read(text, &french(), &[], 0, None), value(expected, &[]), "{text}");
        }
        for text in ["", "12.5", "1,2,3", "12 34", "1234 567", ",5", "5,", "1e3", "+1", "n.d."] {
            assert!(read(text, &french(), &[], 0, None).is_err(), "{text}");
        }
    }

    #[test]
    fn marks_give_statuses_or_no_row() {
        let read = |text: &str| read(text, &french(), &marks(), 0, None);
        assert_eq!(read("s"), Ok(ParsedNumber::Value(None, vec!["Q".to_owned()])));
        assert_eq!(read("  "), Ok(ParsedNumber::Skip));
        assert_eq!(read("12,5 (p)"), value("12.5", &["P"]));
        assert_eq!(read("12 (e) (p)"), value("12", &["P", "E"]));
        let unknown = "is not a number with `,` before its decimals, nor one of the recipe's marks: s";
        assert_eq!(read("nd"), Err(unknown.to_owned()));
    }

    #[test]
    fn the_scale_moves_the_point_exactly() {
        for (number, places, expected) in [
            ("1.5", 3, "1500"),
            ("0.0015", 3, "1.5"),
            ("-12", 2, "-1200"),
            ("1500", -3, "1.500"),
            ("5", -3, "0.005"),
            ("-5", -1, "-0.5"),
            ("0", 6, "0"),
            ("123456789012345678901234567890.1", 1, "1234567890123456789012345678901"),
        ] {
            assert_eq!(shift(number, places), expected, "{number} by {places}");
        }
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        for (number, decimals, expected) in [
            ("9.700000000000001", 1, "9.7"),
            ("0.05", 1, "0.1"),
            ("-0.05", 1, "-0.1"),
            ("0.04", 1, "0.0"),
            ("9.99", 1, "10.0"),
            ("999.5", 0, "1000"),
            ("12", 2, "12"),
            ("12.5", 2, "12.5"),
        ] {
            assert_eq!(round(number, decimals), expected, "{number} to {decimals}");
        }
        assert_eq!(read("0,123", &french(), &[], 2, Some(0)), value("12", &[]));
    }
}
