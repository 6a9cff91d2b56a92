//! Owns the reading of a double (IEEE 754), in which workbooks and Parquet keep their numbers, as a decimal number.
//! Must not know the files.

use crate::query::model::value::{SIGNIFICANT_DIGITS, significant_digits};

/// From here on a whole number has more digits than may be published, and none of them may be dropped.
const TOO_LARGE: f64 = 1e15;

/// The decimal number that a double stands for: the shortest one that is read as this double, or, if it has more than
/// 15 significant digits, the nearest one with 15. A decimal number of at most 15 digits is found again exactly, and the sum of
/// 0.1 and 0.2 is 0.3, as workbooks show it. Whole numbers of more digits keep them all.
pub fn decimal(number: f64) -> String {
    let shortest = number.to_string();
    if significant_digits(&shortest) <= SIGNIFICANT_DIGITS || number.abs() >= TOO_LARGE {
        return shortest;
    }
    let nearest = format!("{number:.*e}", SIGNIFICANT_DIGITS - 1);
    nearest.parse::<f64>().map_or(shortest, |nearest| nearest.to_string())
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn a_double_is_read_as_the_decimal_number_that_it_stands_for() {
        for (number, text) in [
            (0.1 + 0.2, "0.3"),
            (9.700_000_000_000_001, "9.7"),
            (1.0 / 3.0, "0.333333333333333"),
            (-2.0 / 3.0, "-0.666666666666667"),
            (123_456_789_012.345, "123456789012.345"),
            (0.1, "0.1"),
            (-12.5, "-12.5"),
            (1e14, "100000000000000"),
            (0.0, "0"),
            (12_345_678_901_234_567.0, "12345678901234568"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(decimal(number), text);
        }
    }

    #[test]
    fn fifteen_digits_survive_a_double() {
        for text in ["0.123456789012345", "999999999999999", "0.000000000000000000123456789012345", "98765.4321098765"] {
            assert_eq!(decimal(text.parse().expect("a number")), text);
        }
    }
}
