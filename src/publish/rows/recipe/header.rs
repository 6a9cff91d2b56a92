//! Owns the header of a table. It can have several levels with merged cells.
//! Must not know the meaning of the columns.

use crate::publish::input::readers::column_letters::column_of;
use crate::publish::input::readers::record::Record;
use crate::query::suggest::closest;

/// The separator of a header's levels.
const LEVELS: &str = " / ";

/// The header of a table.
#[derive(Clone, Debug, Default)]
pub struct Header {
    levels: Vec<Vec<String>>,
    names: Vec<String>,
}

impl Header {
    /// Reads a header from its rows, from the top. In all rows but the last, an empty cell continues the one on its
    /// left.
    pub fn new(rows: &[Record]) -> Self {
        let width = rows.iter().map(Record::len).max().unwrap_or(0);
        let mut levels = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            let mut level: Vec<String> = (0..width).map(|column| tidy(row.text(column))).collect();
            if at + 1 < rows.len() {
                for column in 1..width {
                    if level[column].is_empty() {
                        level[column] = level[column - 1].clone();
                    }
                }
            }
            levels.push(level);
        }
        let name = |column: usize| {
            let mut parts: Vec<&str> =
                levels.iter().map(|level| level[column].as_str()).filter(|part| !part.is_empty()).collect();
            parts.dedup();
            parts.join(LEVELS)
        };
        let names = (0..width).map(name).collect();
        Self { levels, names }
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// The name of a column.
    pub fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", String::as_str)
    }

    /// The text of a column at a level, from 1.
    pub fn level(&self, level: usize, column: usize) -> &str {
        level.checked_sub(1).and_then(|at| self.levels.get(at)).and_then(|texts| texts.get(column)).map_or("", String::as_str)
    }

    /// The number of levels.
    pub fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Finds the column with a name.
    ///
    /// # Errors
    /// Returns an error if there is none, with the closest names, or if there are several.
    pub fn column(&self, name: &str) -> Result<usize, String> {
        let wanted = tidy(name);
        let mut found = (0..self.width()).filter(|column| self.names[*column] == wanted);
        match (found.next(), found.next()) {
            (Some(column), None) => Ok(column),
            (Some(_), Some(_)) => Err(format!("several columns are called `{name}`; the recipe may name its letters instead")),
            (None, _) => {
                let near = closest(name, self.names.iter().map(String::as_str).filter(|name| !name.is_empty()));
                Err(format!("no column is called `{name}`; closest: {}", near.join(", ")))
            }
        }
    }
}

/// Finds the column with these letters.
///
/// # Errors
/// Returns an error if they are not the letters of a column.
pub fn letter(letters: &str) -> Result<usize, String> {
    column_of(letters).ok_or_else(|| format!("`{letters}` are not the letters of a column, such as A or GU"))
}

/// Trims a text and replaces its white space by single spaces.
pub fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
