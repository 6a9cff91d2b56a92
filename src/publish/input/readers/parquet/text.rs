//! Owns the conversion of a Parquet value to text, according to the type of its column.
//! Must not know the place of the value.

use chrono::{DateTime, NaiveDate, SecondsFormat};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::schema::types::ColumnDescriptor;

use crate::publish::input::readers::double;
use crate::publish::input::readers::limits::RECORD_BYTES;
use crate::publish::input::readers::record::CellType;

/// The most bytes of a decimal: 38 digits.
const DECIMAL_BYTES: usize = 16;

/// The most digits after the decimal point.
const SCALE: usize = 38;

/// The types of values, beyond their physical types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// The physical type decides: numbers, booleans, texts.
    Plain,
    /// Unsigned integers.
    Unsigned,
    /// Days since 1970-01-01.
    Day,
    /// Ticks since 1970-01-01, `a_second` in each second, in UTC or in local time.
    Instant { a_second: i64, utc: bool },
    /// Decimals with this number of digits after the point.
    Decimal(usize),
}

/// The type of a column's values; None for types that no field has.
pub fn meaning(column: &ColumnDescriptor) -> Option<ValueType> {
    let (logical, converted) = (column.logical_type_ref(), column.converted_type());
    let decimal = |scale: i32| usize::try_from(scale).ok().filter(|scale| *scale <= SCALE).map(ValueType::Decimal);
    let instant = |a_second, utc| Some(ValueType::Instant { a_second, utc });
    match (column.physical_type(), logical, converted) {
        (Physical::INT32 | Physical::INT64, Some(LogicalType::Integer(kind)), _) if !kind.is_signed => Some(ValueType::Unsigned),
        (Physical::INT32 | Physical::INT64, Some(LogicalType::Integer(_)), _) => Some(ValueType::Plain),
        (Physical::INT32, Some(LogicalType::Date), _) => Some(ValueType::Day),
        (Physical::INT64, Some(LogicalType::Timestamp(kind)), _) => match kind.unit {
            TimeUnit::MILLIS => instant(1_000, kind.is_adjusted_to_u_t_c),
            TimeUnit::MICROS => instant(1_000_000, kind.is_adjusted_to_u_t_c),
            TimeUnit::NANOS => instant(1_000_000_000, kind.is_adjusted_to_u_t_c),
        },
        (Physical::INT96, _, _) => instant(1_000_000, false),
        (Physical::BOOLEAN | Physical::FLOAT | Physical::DOUBLE, _, _) => Some(ValueType::Plain),
        (_, Some(LogicalType::Decimal(kind)), _) => decimal(kind.scale),
        (Physical::BYTE_ARRAY, Some(LogicalType::String | LogicalType::Json | LogicalType::Enum), _) => Some(ValueType::Plain),
        (Physical::INT32 | Physical::INT64, Some(LogicalType::Unknown), _) => Some(ValueType::Plain),
        (_, Some(_), _) => None,
        // Old writers state only the converted type.
        (Physical::INT32, None, ConvertedType::DATE) => Some(ValueType::Day),
        (Physical::INT64, None, ConvertedType::TIMESTAMP_MILLIS) => instant(1_000, true),
        (Physical::INT64, None, ConvertedType::TIMESTAMP_MICROS) => instant(1_000_000, true),
        (_, None, ConvertedType::DECIMAL) => decimal(column.type_scale()),
        (
            Physical::INT32 | Physical::INT64,
            None,
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64,
        ) => Some(ValueType::Unsigned),
        (
            Physical::INT32 | Physical::INT64,
            None,
            ConvertedType::NONE | ConvertedType::INT_8 | ConvertedType::INT_16 | ConvertedType::INT_32 | ConvertedType::INT_64,
        )
        | (Physical::BYTE_ARRAY, None, ConvertedType::NONE | ConvertedType::UTF8 | ConvertedType::JSON | ConvertedType::ENUM) => {
            Some(ValueType::Plain)
        }
        _ => None,
    }
}

/// A physical value that can be written as text.
pub trait ValueText {
    /// Appends the text of the value. Returns the type of the cell.
    ///
    /// # Errors
    /// Returns what is wrong with the value.
    fn append(&self, meaning: ValueType, out: &mut String) -> Result<CellType, String>;
}

impl ValueText for bool {
    fn append(&self, _: ValueType, out: &mut String) -> Result<CellType, String> {
        out.push_str(if *self { "true" } else { "false" });
        Ok(CellType::Text)
    }
}

impl ValueText for i32 {
    fn append(&self, meaning: ValueType, out: &mut String) -> Result<CellType, String> {
        match meaning {
            ValueType::Unsigned => i64::from(self.cast_unsigned()).append(ValueType::Plain, out),
            _ => i64::from(*self).append(meaning, out),
        }
    }
}

impl ValueText for i64 {
    fn append(&self, meaning: ValueType, out: &mut String) -> Result<CellType, String> {
        let far = || "is too far from today".to_owned();
        match meaning {
            ValueType::Plain => out.push_str(&self.to_string()),
            ValueType::Unsigned => out.push_str(&self.cast_unsigned().to_string()),
            ValueType::Decimal(scale) => decimal(i128::from(*self), scale, out),
            ValueType::Day => {
                let day = i32::try_from(*self).ok().and_then(NaiveDate::from_epoch_days).ok_or_else(far)?;
                out.push_str(&day.to_string());
                return Ok(CellType::Date);
            }
            ValueType::Instant { a_second, utc } => {
                let part = self.rem_euclid(a_second) * (1_000_000_000 / a_second);
                let time = u32::try_from(part).ok().and_then(|part| DateTime::from_timestamp(self.div_euclid(a_second), part));
                let time = time.ok_or_else(far)?;
                // A column of days often has the type of local timestamps, all at midnight.
                match !utc && time.time() == chrono::NaiveTime::MIN {
                    true => out.push_str(&time.date_naive().to_string()),
                    false => out.push_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
                }
                return Ok(CellType::Date);
            }
        }
        Ok(CellType::Number)
    }
}

impl ValueText for Int96 {
    fn append(&self, meaning: ValueType, out: &mut String) -> Result<CellType, String> {
        self.to_micros().append(meaning, out)
    }
}

impl ValueText for f32 {
    fn append(&self, _: ValueType, out: &mut String) -> Result<CellType, String> {
        out.push_str(&self.to_string());
        Ok(CellType::Number)
    }
}

impl ValueText for f64 {
    fn append(&self, _: ValueType, out: &mut String) -> Result<CellType, String> {
        out.push_str(&double::decimal(*self));
        Ok(CellType::Number)
    }
}

impl ValueText for ByteArray {
    fn append(&self, meaning: ValueType, out: &mut String) -> Result<CellType, String> {
        bytes(self.data(), meaning, out)
    }
}

impl ValueText for FixedLenByteArray {
    fn append(&self, meaning: ValueType, out: &mut String) -> Result<CellType, String> {
        bytes(self.data(), meaning, out)
    }
}

fn bytes(data: &[u8], meaning: ValueType, out: &mut String) -> Result<CellType, String> {
    let ValueType::Decimal(scale) = meaning else {
        if data.len() > RECORD_BYTES {
            return Err(format!("has more than {} MiB", RECORD_BYTES >> 20));
        }
        out.push_str(std::str::from_utf8(data).map_err(|_| "is not text in UTF-8".to_owned())?);
        return Ok(CellType::Text);
    };
    let filling = if data.first().is_some_and(|first| *first >= 0x80) { 0xff } else { 0 };
    let mut whole = [filling; DECIMAL_BYTES];
    let start = DECIMAL_BYTES.checked_sub(data.len()).ok_or_else(|| "has more than 38 digits".to_owned())?;
    whole[start..].copy_from_slice(data);
    decimal(i128::from_be_bytes(whole), scale, out);
    Ok(CellType::Number)
}

/// Appends a number with its decimal point.
fn decimal(whole: i128, scale: usize, out: &mut String) {
    let digits = format!("{:0>width$}", whole.unsigned_abs(), width = scale + 1);
    let (before, after) = digits.split_at(digits.len() - scale);
    out.push_str(if whole < 0 { "-" } else { "" });
    out.push_str(before);
    if scale > 0 {
        out.push('.');
        out.push_str(after);
    }
}
