//! Owns the explanation of a recipe's result: for the first rows, the value of each field beside the text in the file.
//! Must not know how values are read.

use std::fmt::Write;

use super::field_rule::FieldValue;
use crate::publish::input::readers::column_letters::letters;
use crate::publish::rows::copy_writer::FileOrigin;

/// An explanation that grows row by row.
#[derive(Debug)]
pub struct Explanation {
    text: String,
    rows: usize,
    left: usize,
}

impl Explanation {
    /// Starts an explanation of the first `rows` rows of each table.
    pub fn new(rows: usize) -> Self {
        Self { text: String::new(), rows, left: rows }
    }

    /// Explains a row, if fewer than `rows` of its table are explained.
    pub fn row<'t>(
        &mut self,
        dataset: &str,
        origin: &FileOrigin,
        line: u64,
        values: impl Iterator<Item = (&'static str, &'t FieldValue)>,
        statuses: Option<&str>,
    ) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let sheet = origin.sheet.as_ref().map_or(String::new(), |sheet| format!(" [{sheet}]"));
        _ = writeln!(self.text, "{dataset}, from {}{sheet}, line {line}", origin.file);
        for (name, taken) in values {
            let place = taken.column.map_or(String::new(), |column| format!("  <- {}{line} `{}`", letters(column), taken.raw));
            _ = writeln!(self.text, "  {name:<18} = {}{place}", if taken.text.is_empty() { "(none)" } else { &taken.text });
        }
        if let Some(statuses) = statuses {
            _ = writeln!(self.text, "  {:<18} = {statuses}  <- marks", "statuses");
        }
    }

    /// Starts the next table.
    pub fn next_table(&mut self) {
        self.left = self.rows;
    }

    /// The text of the explanation.
    pub fn into_text(self) -> String {
        self.text
    }
}
