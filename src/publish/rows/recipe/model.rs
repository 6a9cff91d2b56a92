//! Owns what a recipe may say: the words of its TOML.
//! Must not know how it is carried out.

use std::collections::BTreeMap;

use regex::Regex;
use serde::{Deserialize, Deserializer};

use super::time::PeriodForm;
use crate::publish::input::readers::dialect::FileDialect;

/// A recipe.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Title of the release that it makes, in French.
    pub title: String,
    /// What it reads, in French.
    pub description: String,
    /// Who publishes.
    pub publisher: String,
    /// Licence of the data.
    pub licence: String,
    /// What the reader must know, in French.
    pub notes: Option<String>,
    /// How the file is written, where that is not to be detected.
    #[serde(default)]
    pub dialect: FileDialect,
    /// How numbers are written.
    #[serde(default)]
    pub numbers: NumberFormat,
    /// What stands instead of a number, or behind one.
    #[serde(default, rename = "mark")]
    pub marks: Vec<Mark>,
    /// How a second file is joined.
    pub companion: Option<CompanionJoin>,
    /// Rows that come with it, by dataset: the source, the indicators.
    #[serde(default, rename = "row")]
    pub rows: BTreeMap<String, Vec<toml::Table>>,
    /// The tables of the file.
    #[serde(default, rename = "table")]
    pub tables: Vec<RecipeTable>,
}

impl Recipe {
    /// Puts a constant in the place of what the recipe says of a field; tells whether it says anything of it.
    pub fn set(&mut self, field: &str, text: &str) -> bool {
        let rules: Vec<&mut FieldRules> = self.tables.iter_mut().filter_map(|table| table.fields.get_mut(field)).collect();
        let found = !rules.is_empty();
        for rule in rules {
            *rule = FieldRules::One(Box::new(FieldRule { constant: Some(text.to_owned()), ..FieldRule::default() }));
        }
        found
    }
}

/// How numbers are written.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumberFormat {
    /// What stands before the decimals.
    pub decimal: char,
    /// What may stand between groups of three digits.
    pub thousands: Vec<char>,
}

impl Default for NumberFormat {
    fn default() -> Self {
        Self { decimal: '.', thousands: Vec::new() }
    }
}

/// What stands instead of a number (`text`) or behind one (`suffix`), and its meaning.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The whole cell; empty for an empty cell.
    pub text: Option<String>,
    /// The end of the cell.
    pub suffix: Option<String>,
    /// The status that the figure has for it.
    pub status: Option<String>,
    /// Whether the cell gives no row at all.
    #[serde(default)]
    pub skip: bool,
}

/// How a second file is joined: rows whose keys are the same.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanionJoin {
    /// The key in the file.
    pub key: FieldRule,
    /// The key in the second file.
    pub their: FieldRule,
    /// How the second file is written.
    #[serde(default)]
    pub dialect: FileDialect,
}

/// One table of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeTable {
    /// The dataset of its rows.
    pub dataset: String,
    /// Its sheet; the first when none is named.
    pub sheet: Option<String>,
    /// The rows of its header, from the top: several levels where cells are merged.
    #[serde(default = "first_row")]
    pub header: Vec<u64>,
    /// Its first row; the one after the header when it is not said.
    pub first: Option<u64>,
    /// Its end: the first row that is so is no longer of it.
    pub until: Option<RowCondition>,
    /// Rows that are not all so do not count.
    #[serde(default)]
    pub only: Vec<RowCondition>,
    /// Rows that are so do not count.
    #[serde(default)]
    pub skip: Vec<RowCondition>,
    /// The columns each of whose cells gives a row of the dataset.
    pub cells: Option<WideColumns>,
    /// Each row is followed by one that gives the statuses of its cells.
    pub status_row: Option<StatusRow>,
    /// The unit that all of its indicators must have.
    pub unit: Option<String>,
    /// Whether rows that are the same count once.
    #[serde(default)]
    pub distinct: bool,
    /// Where the value of each field comes from.
    pub fields: BTreeMap<String, FieldRules>,
}

fn first_row() -> Vec<u64> {
    vec![1]
}

/// What a row must be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowCondition {
    /// A column, by its header.
    pub column: Option<String>,
    /// A column, by its letters.
    pub letter: Option<String>,
    /// A column of the second file.
    pub joined: Option<String>,
    /// The cell is this.
    pub is: Option<String>,
    /// The cell matches this.
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
    /// The first, by its letters.
    pub from: Option<String>,
    /// The last, by its letters.
    pub to: Option<String>,
    /// Of these, those whose header at a level is so.
    pub level: Option<usize>,
    /// What that header is.
    pub is: Option<String>,
}

/// The row of statuses below each row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusRow {
    /// What tells such a row.
    pub only: RowCondition,
    /// What its cells mean.
    pub map: BTreeMap<String, String>,
}

/// Where a value comes from: one way, or the first of several whose `when` holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum FieldRules {
    /// One rule.
    One(Box<FieldRule>),
    /// Several.
    Several(Vec<FieldRule>),
}

impl FieldRules {
    /// The rules, in order.
    pub fn as_slice(&self) -> &[FieldRule] {
        match self {
            FieldRules::One(rule) => std::slice::from_ref(rule),
            FieldRules::Several(rules) => rules,
        }
    }
}

/// One way to a value: where it stands, then what is done to it, in the order of these members.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldRule {
    /// A column, by its header; of a header of several levels, the levels joined by ` / `.
    pub column: Option<String>,
    /// A column, by its letters.
    pub letter: Option<String>,
    /// The header at a level (from 1) of the cell at hand.
    pub header: Option<usize>,
    /// The cell at hand.
    pub cell: bool,
    /// A column of the second file.
    pub joined: Option<String>,
    /// Always this.
    pub constant: Option<String>,
    /// A text with `{line}`, `{sheet}`, `{letter}`, `{file}`, `{header 1}` or `{name of a column}` in it.
    pub template: Option<String>,
    /// It is at fault when there is nothing.
    pub required: bool,
    /// The way is taken when the text matches this.
    #[serde(deserialize_with = "pattern")]
    pub when: Option<Regex>,
    /// Ends of the text that stand for a status, and are left out.
    pub marks: BTreeMap<String, String>,
    /// What matches this is left out.
    #[serde(deserialize_with = "pattern")]
    pub strip: Option<Regex>,
    /// What the first group of this matches is kept.
    #[serde(deserialize_with = "pattern")]
    pub extract: Option<Regex>,
    /// Texts become others; one that is not named is at fault.
    pub map: BTreeMap<String, String>,
    /// Texts that are not named in `map` are kept.
    pub keep: bool,
    /// Zeros are put before it until it is so long.
    pub pad: Option<usize>,
    /// This is put before it.
    pub prefix: Option<String>,
    /// It is the name of a territory of one of these kinds, whose code is taken.
    pub named: Vec<String>,
    /// It is a day, written as chrono's `strftime` says.
    pub date: Option<String>,
    /// It is a period of this form.
    pub period: Option<PeriodForm>,
    /// The number is multiplied by this power of ten.
    pub scale: i32,
    /// The number is rounded to so many decimals.
    pub decimals: Option<u32>,
    /// The territory must bear the name that stands there.
    pub agrees: Option<Box<FieldRule>>,
}

fn pattern<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Regex>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| Regex::new(&text).map_err(serde::de::Error::custom)).transpose()
}
