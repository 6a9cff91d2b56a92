//! Owns the conditions that select rows in a recipe.
//! Must not know what happens to the rows.

use super::header::{self, Header, tidy};
use super::model::RowCondition;
use crate::publish::input::readers::record::Record;

/// A condition whose column is found in the header.
#[derive(Clone)]
pub struct ResolvedCondition<'r> {
    condition: &'r RowCondition,
    at: ConditionSource,
}

#[derive(Clone, Copy)]
enum ConditionSource {
    Own(usize),
    Joined(usize),
}

impl<'r> ResolvedCondition<'r> {
    /// Finds the column of a condition.
    ///
    /// # Errors
    /// Returns an error if there is none.
    pub fn new(condition: &'r RowCondition, header: &Header, joined: Option<&Header>) -> Result<Self, String> {
        let at = match (&condition.column, &condition.letter, &condition.joined) {
            (Some(name), None, None) => ConditionSource::Own(header.column(name)?),
            (None, Some(letters), None) => ConditionSource::Own(header::letter(letters)?),
            (None, None, Some(name)) => ConditionSource::Joined(joined.ok_or("there is no second file")?.column(name)?),
            _ => return Err("a condition names one `column`, `letter` or column of the second file (`joined`)".to_owned()),
        };
        if condition.is.is_none() && condition.matches.is_none() {
            return Err("a condition says what its cell `is` or `matches`".to_owned());
        }
        Ok(Self { condition, at })
    }

    /// Whether a row meets the condition.
    pub fn holds(&self, record: &Record, joined: Option<&Record>) -> bool {
        let text = match self.at {
            ConditionSource::Own(column) => record.text(column),
            ConditionSource::Joined(column) => joined.map_or("", |joined| joined.text(column)),
        };
        let text = tidy(text);
        self.condition.is.as_deref().is_none_or(|is| text == is)
            && self.condition.matches.as_ref().is_none_or(|pattern| pattern.is_match(&text))
    }
}
