//! Owns the evaluation of a rule for the value of a field: it finds the text in the file and converts it.
//! Must not know the field.

use std::collections::BTreeMap;

use regex::Regex;

use super::field_rules::FieldRule;
use super::header::{self, Header, tidy};
use super::row_context::RowContext;
use super::template::{self, TemplatePart};
use super::territory_names::TerritoryNames;
use super::time;
use crate::problem::Reason;
use crate::publish::input::readers::record::CellType;
use crate::query::suggest::closest;

/// The most digits by which `scale` moves the decimal point, and to which `pad` fills.
const MOST: u32 = 100;

/// Checks what a rule asks of its conversions.
///
/// # Errors
/// Returns what is allowed.
pub fn check(rule: &FieldRule) -> Result<(), String> {
    if rule.scale.unsigned_abs() > MOST || rule.pad.is_some_and(|width| width > MOST as usize) {
        return Err(format!("`scale` and `pad` are at most {MOST}"));
    }
    rule.date.as_deref().map_or(Ok(()), time::check_format)
}

/// A rule whose columns are found in the header.
pub struct ResolvedRule<'r> {
    /// The rule in the recipe.
    pub definition: &'r FieldRule,
    at: RuleSource,
    agrees: Option<Box<ResolvedRule<'r>>>,
}

enum RuleSource {
    Column(usize),
    Header(usize),
    Cell,
    Joined(usize),
    Constant(String),
    Template(Vec<TemplatePart>),
}

/// The value that a rule gives.
#[derive(Clone, Debug, Default)]
pub struct FieldValue {
    /// The value; empty if there is none.
    pub text: String,
    /// The text in the file.
    pub raw: String,
    /// The column of the text.
    pub column: Option<usize>,
    /// The statuses that its marks stand for.
    pub statuses: Vec<String>,
}

/// An invalid value.
#[derive(Debug)]
pub struct ValueError {
    /// The text in the file.
    pub raw: String,
    /// The column of the text.
    pub column: Option<usize>,
    /// Why it is wrong.
    pub reason: Reason,
    /// What is wrong, and what would be right.
    pub detail: String,
}

impl<'r> ResolvedRule<'r> {
    /// Finds the columns of a rule.
    ///
    /// # Errors
    /// Returns an error if the rule names no column, several columns, or an unknown one.
    pub fn new(rule: &'r FieldRule, header: &Header, joined: Option<&Header>) -> Result<Self, String> {
        let mut rules = Vec::new();
        if let Some(name) = &rule.column {
            rules.push(RuleSource::Column(header.column(name)?));
        }
        if let Some(letters) = &rule.letter {
            rules.push(RuleSource::Column(header::letter(letters)?));
        }
        if let Some(level) = rule.header {
            if level == 0 || level > header.depth() {
                return Err(format!("the header has {} level(s), and no level {level}", header.depth()));
            }
            rules.push(RuleSource::Header(level));
        }
        if rule.cell {
            rules.push(RuleSource::Cell);
        }
        if let Some(name) = &rule.joined {
            rules.push(RuleSource::Joined(joined.ok_or("the recipe has no second file (`companion`)")?.column(name)?));
        }
        if let Some(text) = &rule.constant {
            rules.push(RuleSource::Constant(text.clone()));
        }
        if let Some(template) = &rule.template {
            rules.push(RuleSource::Template(template::parse(template, header)?));
        }
        let [at] = <[RuleSource; 1]>::try_from(rules).map_err(|rules| {
            format!("it names {} of `column`, `letter`, `header`, `cell`, `joined`, `constant`, `template`, not one", rules.len())
        })?;
        let agrees = rule.agrees.as_deref().map(|label| ResolvedRule::new(label, header, joined).map(Box::new)).transpose()?;
        check(rule)?;
        Ok(Self { definition: rule, at, agrees })
    }

    /// The text in the file, its column, and its type.
    pub fn raw(&self, row: &RowContext<'_>) -> (String, Option<usize>, CellType) {
        match &self.at {
            RuleSource::Column(column) => (tidy(row.record.text(*column)), Some(*column), row.record.form(*column)),
            RuleSource::Header(level) => {
                (row.cell.map_or(String::new(), |cell| row.header.level(*level, cell).to_owned()), row.cell, CellType::Text)
            }
            RuleSource::Cell => {
                let cell = row.cell.unwrap_or_default();
                (tidy(row.record.text(cell)), row.cell, row.record.form(cell))
            }
            RuleSource::Joined(column) => {
                (row.joined.map_or(String::new(), |joined| tidy(joined.text(*column))), None, CellType::Text)
            }
            RuleSource::Constant(text) => (text.clone(), None, CellType::Text),
            RuleSource::Template(parts) => (parts.iter().map(|part| part.text(row)).collect(), None, CellType::Text),
        }
    }

    /// Whether the rule applies to a row.
    pub fn applies(&self, row: &RowContext<'_>) -> bool {
        self.definition.when.as_ref().is_none_or(|when| when.is_match(&self.raw(row).0))
    }

    /// Gives the value for a row.
    ///
    /// # Errors
    /// Returns an error if the text in the file is invalid.
    pub fn evaluate(&self, row: &RowContext<'_>, names: &TerritoryNames) -> Result<FieldValue, ValueError> {
        let (raw, column, form) = self.raw(row);
        let wrong = |reason: Reason, detail: String| ValueError { raw: raw.clone(), column, reason, detail };
        if form == CellType::Error {
            return Err(wrong(Reason::WrongType, "is the error of a formula, or a formula without its result".to_owned()));
        }
        if raw.is_empty() && self.definition.required {
            return Err(wrong(Reason::Missing, "is empty, and must not be".to_owned()));
        }
        let (text, statuses) = unmarked(&raw, &self.definition.marks);
        let kind = if self.definition.map.is_empty() { Reason::BadSyntax } else { Reason::UnknownValue };
        let mut text = convert(self.definition, text).map_err(|why| wrong(kind, why))?;
        if !self.definition.named.is_empty() && !text.is_empty() {
            text = names.code(&text, &self.definition.named).map_err(|why| wrong(Reason::UnknownCode, why))?;
        }
        if let Some(label) = &self.agrees {
            let said = label.evaluate(row, names)?;
            names.agree(&text, &said.text).map_err(|why| wrong(Reason::RecipeMismatch, format!("the territory {text} {why}")))?;
        }
        Ok(FieldValue { text, raw: raw.clone(), column, statuses })
    }
}

/// Splits a text into the text without its marks and the statuses that the marks stand for.
fn unmarked<'t>(text: &'t str, marks: &BTreeMap<String, String>) -> (&'t str, Vec<String>) {
    let (mut rest, mut statuses) = (text, Vec::new());
    for (mark, status) in marks {
        if let Some(shorter) = rest.strip_suffix(mark.as_str()) {
            rest = shorter.trim_end();
            statuses.push(status.clone());
        }
    }
    (rest, statuses)
}

/// Converts a text, without regard to the rest of the row.
///
/// # Errors
/// Returns what is wrong with the text.
pub fn convert(rule: &FieldRule, text: &str) -> Result<String, String> {
    let mut text = tidy(text);
    if text.is_empty() {
        return Ok(text);
    }
    if let Some(strip) = &rule.strip {
        text = tidy(&strip.replace_all(&text, ""));
    }
    if let Some(extract) = &rule.extract {
        text = extracted(extract, &text)?;
    }
    if !rule.map.is_empty() {
        text = match rule.map.get(&text) {
            Some(other) => other.clone(),
            None if rule.keep => text,
            None => {
                let near = closest(&text, rule.map.keys().map(String::as_str)).join(", ");
                return Err(format!("is not one of the texts that the recipe knows; closest: {near}"));
            }
        };
    }
    if let Some(width) = rule.pad {
        text = format!("{text:0>width$}");
    }
    if let Some(prefix) = &rule.prefix {
        text.insert_str(0, prefix);
    }
    match (rule.period, &rule.date) {
        (Some(form), date) => time::period(&text, form, date.as_deref()),
        (None, Some(format)) => time::day(&text, format),
        (None, None) => Ok(text),
    }
}

fn extracted(pattern: &Regex, text: &str) -> Result<String, String> {
    let group = pattern.captures(text).and_then(|found| found.get(1).or_else(|| found.get(0)));
    group.map(|found| found.as_str().to_owned()).ok_or_else(|| format!("is not of the form {pattern}"))
}
