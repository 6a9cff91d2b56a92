//! Owns the letters that name the columns of a sheet: A, B, … Z, AA, …
//! Must not know the contents of the columns.

use super::limits::RECORD_CELLS;

/// The letters of a column, from 0: A, B … Z, AA …
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

/// The column with these capital letters, from 0.
pub fn column_of(letters: &str) -> Option<usize> {
    let number = letters.bytes().try_fold(0_usize, |number, byte| match byte {
        b'A'..=b'Z' => number.checked_mul(26)?.checked_add(usize::from(byte - b'A') + 1),
        _ => None,
    })?;
    number.checked_sub(1).filter(|column| *column < RECORD_CELLS)
}
