//! Owns the letters that name the columns of a sheet: A, B, … Z, AA, …
//! Must not know what stands in the columns.

use super::limits::RECORD_CELLS;

/// The name of a column of a sheet: A, B … Z, AA … for 0, 1 …
pub fn letters(column: usize) -> String {
    let mut text = String::new();
    let mut left = column + 1;
    while left > 0 {
        left -= 1;
        text.insert(0, char::from(b'A' + u8::try_from(left % 26).unwrap_or_default()));
        left /= 26;
    }
    text
}

/// The column of that name, in capitals.
pub fn column_of(letters: &str) -> Option<usize> {
    let number = letters.bytes().try_fold(0_usize, |number, byte| match byte {
        b'A'..=b'Z' => number.checked_mul(26)?.checked_add(usize::from(byte - b'A') + 1),
        _ => None,
    })?;
    number.checked_sub(1).filter(|column| *column < RECORD_CELLS)
}
