//! Owns cells that the database sends as they are stored, in Postgres's binary format: which columns, and their texts. A cast to
//! text costs the database more than the whole rest of a cell.
//! Must not know plans, nor what becomes of the texts.

use std::fmt::Write;

use diesel::pg::PgValue;

use super::fragments;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::{Field, FieldOrigin, Kind};

/// Why a value cannot be read: its type has no text here, or its bytes are not of its type.
pub type Unreadable = Box<dyn std::error::Error + Send + Sync>;

/// The number of days from 1 January of year 1, which is day 1, to 1 January 2000, from which Postgres counts.
const EPOCH: i32 = 730_120;

/// Decimal digits in one digit of a `numeric`.
const GROUP: usize = 4;

/// Whether cells of a field are sent as they are stored. The others are formatted by the database.
pub fn is_stored(field: &Field) -> bool {
    let own = matches!(field.origin, FieldOrigin::Row | FieldOrigin::Link | FieldOrigin::Opened);
    own && !matches!(field.kind, Kind::JoinedCode | Kind::Json { .. } | Kind::Timestamp)
}

/// Writes a column of a field that [`is_stored`].
///
/// # Errors
/// Returns an error if the name cannot be quoted.
pub fn column(out: &mut SqlWriter<'_, '_>, field: &'static Field) -> SqlResult {
    fragments::column(out, field)
}

/// Writes a cell that the program fills in.
pub fn left_out(out: &mut SqlWriter<'_, '_>) {
    out.push("NULL::text");
}

/// Appends the text of a value, the same that a cast to text gives. A list is a JSON array.
///
/// # Errors
/// Returns an error if the type is not one of those that columns have.
pub fn append(text: &mut String, value: &PgValue<'_>) -> Result<(), Unreadable> {
    let bytes = value.as_bytes();
    match value.get_oid().get() {
        // text, varchar, json, and the type of a literal.
        25 | 1043 | 114 | 705 => text.push_str(std::str::from_utf8(bytes)?),
        16 => text.push_str(if bytes == [0] { "false" } else { "true" }),
        20 => write!(text, "{}", i64::from_be_bytes(bytes.try_into()?))?,
        21 => write!(text, "{}", i16::from_be_bytes(bytes.try_into()?))?,
        23 => write!(text, "{}", i32::from_be_bytes(bytes.try_into()?))?,
        1082 => day(text, i32::from_be_bytes(bytes.try_into()?))?,
        1700 => numeric(text, &mut Bytes(bytes))?,
        1009 => list(text, &mut Bytes(bytes))?,
        other => return Err(format!("a column has the type {other}, whose values have no text here").into()),
    }
    Ok(())
}

/// The bytes of a value that are left to read.
struct Bytes<'v>(&'v [u8]);

impl<'v> Bytes<'v> {
    fn take(&mut self, length: usize) -> Result<&'v [u8], Unreadable> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or("a value is too short")?;
        self.0 = rest;
        Ok(taken)
    }

    fn int16(&mut self) -> Result<i16, Unreadable> {
        Ok(i16::from_be_bytes(self.take(2)?.try_into()?))
    }

    fn int32(&mut self) -> Result<i32, Unreadable> {
        Ok(i32::from_be_bytes(self.take(4)?.try_into()?))
    }
}

/// Appends a date as ISO 8601, from its days since 2000-01-01.
fn day(text: &mut String, days: i32) -> Result<(), Unreadable> {
    match days {
        i32::MAX => text.push_str("infinity"),
        i32::MIN => text.push_str("-infinity"),
        _ => {
            let from_ce = days.checked_add(EPOCH).and_then(chrono::NaiveDate::from_num_days_from_ce_opt);
            let date = from_ce.ok_or("a date is out of range")?;
            let (year, month, day) =
                (chrono::Datelike::year(&date), chrono::Datelike::month(&date), chrono::Datelike::day(&date));
            // There is no year 0: the one before year 1 is 1 BC.
            write!(text, "{:04}-", if year > 0 { year } else { 1 - year })?;
            for (number, end) in [(month, "-"), (day, if year > 0 { "" } else { " BC" })] {
                text.extend([number / 10, number % 10].map(|digit| char::from(b'0' + digit as u8)));
                text.push_str(end);
            }
        }
    }
    Ok(())
}

/// Appends a number with the decimals that it is stored with. The format is that of `numeric_send` in Postgres's `numeric.c`.
fn numeric(text: &mut String, bytes: &mut Bytes<'_>) -> Result<(), Unreadable> {
    let (groups, weight) = (bytes.int16()?, i32::from(bytes.int16()?));
    let (sign, decimals) = (bytes.int16()?.cast_unsigned(), usize::try_from(bytes.int16()?)?);
    match sign {
        0x0000 => {}
        0x4000 => text.push('-'),
        0xc000 => {
            text.push_str("NaN");
            return Ok(());
        }
        0xd000 => {
            text.push_str("Infinity");
            return Ok(());
        }
        0xf000 => {
            text.push_str("-Infinity");
            return Ok(());
        }
        _ => return Err("a number has an unknown sign".into()),
    }
    let stored = bytes.take(2 * usize::try_from(groups)?)?;
    // The group of four digits that stands for so many powers of 10,000.
    let group = |power: i32| {
        let at = usize::try_from(weight - power).ok().map(|at| 2 * at);
        at.and_then(|at| stored.get(at..at + 2)).map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]))
    };
    write!(text, "{}", group(weight.max(0)))?;
    for power in (0..weight.max(0)).rev() {
        digits(text, group(power), GROUP);
    }
    if decimals > 0 {
        text.push('.');
    }
    for (power, written) in (1..).zip((0..decimals).step_by(GROUP)) {
        digits(text, group(-power), (decimals - written).min(GROUP));
    }
    Ok(())
}

/// Appends the first `shown` of the four digits of a number.
fn digits(text: &mut String, number: u16, shown: usize) {
    let four = [number / 1000, number / 100 % 10, number / 10 % 10, number % 10];
    text.extend(four[..shown].iter().map(|digit| char::from(b'0' + *digit as u8)));
}

/// Appends a list of texts as a JSON array. The format is that of `array_send` in Postgres's `arrayfuncs.c`.
fn list(text: &mut String, bytes: &mut Bytes<'_>) -> Result<(), Unreadable> {
    let (dimensions, _has_nulls, _type) = (bytes.int32()?, bytes.int32()?, bytes.int32()?);
    let items = match dimensions {
        0 => 0,
        1 => {
            let (length, _first) = (bytes.int32()?, bytes.int32()?);
            length
        }
        _ => return Err("a list has several dimensions".into()),
    };
    text.push('[');
    for at in 0..items {
        text.push_str(if at > 0 { "," } else { "" });
        let Ok(length) = usize::try_from(bytes.int32()?) else {
            text.push_str("null");
            continue;
        };
        let item = std::str::from_utf8(bytes.take(length)?)?;
        if item.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
            text.push_str(&serde_json::to_string(item)?);
        } else {
            text.extend(["\"", item, "\""]);
        }
    }
    text.push(']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(groups: &[u16], weight: i16, sign: u16, decimals: u16) -> String {
        let head = [groups.len() as u16, weight.cast_unsigned(), sign, decimals];
        let bytes: Vec<u8> = head.iter().chain(groups).flat_map(|word| word.to_be_bytes()).collect();
        let mut text = String::new();
        numeric(&mut text, &mut Bytes(&bytes)).expect("it is a number");
        text
    }

    #[test]
    fn numbers_keep_the_decimals_that_they_are_stored_with() {
        assert_eq!(number(&[], 0, 0, 0), "0");
        assert_eq!(number(&[], 0, 0, 2), "0.00");
        assert_eq!(number(&[42, 2000], 1, 0, 0), "422000");
        assert_eq!(number(&[1], 2, 0, 1), "100000000.0");
        assert_eq!(number(&[12, 3400], 0, 0x4000, 2), "-12.34");
        assert_eq!(number(&[5], -2, 0, 8), "0.00000005");
        assert_eq!(number(&[1, 2345, 6000], 0, 0, 5), "1.23456");
        assert_eq!(number(&[], 0, 0xc000, 0), "NaN");
    }

    #[test]
    fn days_are_written_as_the_database_does() {
        let text = |days| {
            let mut text = String::new();
            day(&mut text, days).map(|()| text).map_err(|error| error.to_string())
        };
        assert_eq!(text(0).as_deref(), Ok("2000-01-01"));
        assert_eq!(text(-1).as_deref(), Ok("1999-12-31"));
        assert_eq!(text(2_921_939).as_deref(), Ok("9999-12-31"));
        assert_eq!(text(2_921_940).as_deref(), Ok("10000-01-01"));
        assert_eq!(text(1 - EPOCH).as_deref(), Ok("0001-01-01"));
        assert_eq!(text(-EPOCH).as_deref(), Ok("0001-12-31 BC"));
        assert_eq!(text(i32::MAX).as_deref(), Ok("infinity"));
        assert!(text(i32::MAX - 1).is_err());
    }

    #[test]
    fn a_list_is_a_json_array() {
        let mut bytes: Vec<u8> = [1_i32, 1, 25, 3, 1].into_iter().flat_map(i32::to_be_bytes).collect();
        for item in ["A", "a\"b\n"] {
            bytes.extend((item.len() as i32).to_be_bytes().iter().chain(item.as_bytes()));
        }
        bytes.extend((-1_i32).to_be_bytes());
        let mut text = String::new();
        list(&mut text, &mut Bytes(&bytes)).expect("it is a list");
        assert_eq!(text, r#"["A","a\"b\n",null]"#);
        assert!(list(&mut text, &mut Bytes(&bytes[..30])).is_err());
    }
}
