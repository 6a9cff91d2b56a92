//! Owns the structure of a recipe, as it is written in TOML.
//! Must not know how a recipe is carried out.

use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;

use super::field_rules::{FieldRule, FieldRules, pattern};
use crate::publish::input::readers::dialect::FileDialect;

/// A recipe.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The title of its release, in French.
    pub title: String,
    /// A description of the data, in French.
    pub description: String,
    /// The publisher.
    pub publisher: String,
    /// The licence of the data.
    pub licence: String,
    /// Notes for users of the data, in French.
    pub notes: Option<String>,
    /// The details of the file's format; the rest is detected.
    #[serde(default)]
    pub dialect: FileDialect,
    /// The format of numbers.
    #[serde(default)]
    pub numbers: NumberFormat,
    /// Marks in place of a number, or behind one.
    #[serde(default, rename = "mark")]
    pub marks: Vec<Mark>,
    /// The join of a second file.
    pub companion: Option<CompanionJoin>,
    /// Rows inside the recipe, by dataset, such as the source and the indicators.
    #[serde(default, rename = "row")]
    pub rows: BTreeMap<String, Vec<toml::Table>>,
    /// The tables of the file.
    #[serde(default, rename = "table")]
    pub tables: Vec<RecipeTable>,
}

impl Recipe {
    /// Replaces the rules for a field by a constant. Returns whether the recipe has a rule for it.
    pub fn set(&mut self, field: &str, text: &str) -> bool {
        let rules: Vec<&mut FieldRules> = self.tables.iter_mut().filter_map(|table| table.fields.get_mut(field)).collect();
        let found = !rules.is_empty();
        for rule in rules {
            *rule = FieldRules::One(Box::new(FieldRule { constant: Some(text.to_owned()), ..FieldRule::default() }));
        }
        found
    }
}

/// The format of numbers.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumberFormat {
    /// The decimal separator.
    pub decimal: char,
    /// The separators of groups of three digits.
    pub thousands: Vec<char>,
}

impl Default for NumberFormat {
    fn default() -> Self {
        Self { decimal: '.', thousands: Vec::new() }
    }
}

/// A mark in place of a number (`text`) or behind one (`suffix`), and its meaning.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The text of the whole cell; empty for an empty cell.
    pub text: Option<String>,
    /// The end of the cell's text.
    pub suffix: Option<String>,
    /// The status that the mark gives to the figure.
    pub status: Option<String>,
    /// Whether a cell with the mark gives no row.
    #[serde(default)]
    pub skip: bool,
}

/// The join of a second file: rows with equal keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanionJoin {
    /// The key in the file.
    pub key: FieldRule,
    /// The key in the second file.
    pub their: FieldRule,
    /// The details of the second file's format.
    #[serde(default)]
    pub dialect: FileDialect,
}

/// A table in the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeTable {
    /// The dataset of its rows.
    pub dataset: String,
    /// Its sheet; the first by default.
    pub sheet: Option<String>,
    /// The rows of its header, from the top.
    #[serde(default = "first_row")]
    pub header: Vec<u64>,
    /// Its first row; by default the one after the header.
    pub first: Option<u64>,
    /// The condition of the first row after its end.
    pub until: Option<RowCondition>,
    /// Conditions that every row must meet; others are skipped.
    #[serde(default)]
    pub only: Vec<RowCondition>,
    /// Rows that meet one of these conditions are skipped.
    #[serde(default)]
    pub skip: Vec<RowCondition>,
    /// In a wide table, the columns whose cells each give a row of the dataset.
    pub cells: Option<WideColumns>,
    /// The rows of statuses that follow the rows of values.
    pub status_row: Option<StatusRow>,
    /// The unit that all its indicators must have.
    pub unit_code: Option<String>,
    /// The power of ten that all its indicators must have, with a unit.
    #[serde(default)]
    pub unit_multiplier: i32,
    /// Whether equal rows give one row.
    #[serde(default)]
    pub distinct: bool,
    /// The rules for the value of each field.
    pub fields: BTreeMap<String, FieldRules>,
}

fn first_row() -> Vec<u64> {
    vec![1]
}

/// A condition on a row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowCondition {
    /// The column, by its header.
    pub column: Option<String>,
    /// The column, by its letters.
    pub letter: Option<String>,
    /// The column, in the second file.
    pub joined: Option<String>,
    /// The text that the cell must have.
    pub is: Option<String>,
    /// The pattern that the cell must match.
    #[serde(default, deserialize_with = "pattern")]
    pub matches: Option<Regex>,
}

/// The columns of a wide table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WideColumns {
    /// The columns, by their headers.
    #[serde(default)]
    pub columns: Vec<String>,
    /// The first column, by its letters.
    pub from: Option<String>,
    /// The last column, by its letters.
    pub to: Option<String>,
    /// A level of the header. Only columns with the text `is` at this level are read.
    pub level: Option<usize>,
    /// The text at that level.
    pub is: Option<String>,
}

/// The row of statuses below each row of values.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusRow {
    /// The condition of such a row.
    pub only: RowCondition,
    /// The status for each text of its cells.
    pub map: BTreeMap<String, String>,
}
