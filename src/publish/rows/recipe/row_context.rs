//! Owns what a rule can see of a row.
//! Must not know the rules.

use super::header::Header;
use crate::publish::input::readers::record::Record;

/// A row of the file, with its context.
pub struct RowContext<'r> {
    /// The record.
    pub record: &'r Record,
    /// The joined row of the second file.
    pub joined: Option<&'r Record>,
    /// The current cell, in a wide table.
    pub cell: Option<usize>,
    /// The header of the table.
    pub header: &'r Header,
    /// The name of the sheet, or an empty text.
    pub sheet: &'r str,
    /// The name of the file.
    pub file: &'r str,
}
