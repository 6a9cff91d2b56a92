//! Owns the reading of numbers as people write them: marks behind them, words instead of them, spaces within.
//! Must not know where they stand.

use super::model::{Mark, Numbers};

/// What a cell gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Figure {
    /// A number, or none, with the statuses that marks stand for.
    Value(Option<String>, Vec<String>),
    /// No row.
    Skip,
}

/// Reads a cell.
///
/// # Errors
/// What is wrong, and what would be right.
pub fn read(text: &str, numbers: &Numbers, marks: &[Mark], scale: i32, decimals: Option<u32>) -> Result<Figure, String> {
    let mut text = text.trim();
    if let Some(mark) = marks.iter().find(|mark| mark.text.as_deref() == Some(text)) {
        return Ok(if mark.skip { Figure::Skip } else { Figure::Value(None, mark.status.iter().cloned().collect()) });
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
    Ok(Figure::Value(Some(decimals.map_or(shifted.clone(), |decimals| round(&shifted, decimals))), statuses))
}

fn wrong(numbers: &Numbers, marks: &[Mark]) -> String {
    let words: Vec<&str> = marks.iter().filter_map(|mark| mark.text.as_deref()).filter(|text| !text.is_empty()).collect();
    let known = if words.is_empty() { String::new() } else { format!(", nor one of the recipe's marks: {}", words.join(", ")) };
    format!("is not a number with `{}` before its decimals{known}", numbers.decimal)
}

/// The number with a point and nothing between its digits.
fn plain(text: &str, numbers: &Numbers) -> Option<String> {
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

/// Moves the point, exactly.
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

/// Rounds, halves away from zero: what a workbook shows of 9.700000000000001.
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
