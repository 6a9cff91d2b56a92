//! Owns the match of a table's description with its header: the columns that the recipe names.
//! Must not know the rows.

use super::companion::key_column;
use super::condition::ResolvedCondition;
use super::field_rule::ResolvedRule;
use super::field_rules::FieldRule;
use super::header::{self, Header};
use super::model::WideColumns;
use super::{Companion, Recipe, RecipeTable, TerritoryNames};
use crate::publish::input::readers::record::Record;
use crate::query::suggest::closest;
use crate::query::{Dataset, Field, Kind};

/// What a recipe's reader needs beside the table.
#[derive(Clone, Copy)]
pub struct RecipeContext<'a> {
    /// The recipe.
    pub recipe: &'a Recipe,
    /// Its second file.
    pub companion: Option<&'a Companion>,
    /// The territories by name.
    pub names: &'a TerritoryNames,
}

/// A table whose columns are found in the header.
pub struct ResolvedTable<'r> {
    /// The header.
    pub header: Header,
    /// The fields with rules in the recipe.
    pub fields: Vec<(&'static Field, Vec<ResolvedRule<'r>>)>,
    /// The columns of a wide table.
    pub cells: Option<Vec<usize>>,
    /// Conditions that every row must meet.
    pub only: Vec<ResolvedCondition<'r>>,
    /// Conditions of rows that are skipped.
    pub skip: Vec<ResolvedCondition<'r>>,
    /// The condition of the first row after the table.
    pub until: Option<ResolvedCondition<'r>>,
    /// The condition of a row of statuses.
    pub status_row: Option<ResolvedCondition<'r>>,
    /// The key that joins the second file, and its column.
    pub key: Option<(&'r FieldRule, usize)>,
}

impl<'r> ResolvedTable<'r> {
    /// Finds the columns of a table.
    ///
    /// # Errors
    /// Returns all descriptions that do not match the header or the dataset.
    pub fn new(
        context: RecipeContext<'r>,
        table: &'r RecipeTable,
        dataset: &'static Dataset,
        rows: &[Record],
    ) -> Result<Self, Vec<String>> {
        let header = Header::new(rows);
        let joined = context.companion.map(|companion: &Companion| &companion.header);
        let mut wrong = Vec::new();
        if rows.len() != table.header.len() {
            wrong.push(format!("the rows {:?} of the header are not all there", table.header));
        }
        let mut test = |condition: &'r super::model::RowCondition| match ResolvedCondition::new(condition, &header, joined) {
            Ok(test) => Some(test),
            Err(why) => {
                wrong.push(why);
                None
            }
        };
        let only = table.only.iter().filter_map(&mut test).collect();
        let skip = table.skip.iter().filter_map(&mut test).collect();
        let until = table.until.as_ref().and_then(&mut test);
        let status_row = table.status_row.as_ref().and_then(|rule| test(&rule.only));
        let mut fields = Vec::new();
        for (name, rules) in &table.fields {
            let Some(field) = dataset.columns().find(|field| field.name == name && !field.is_computed()) else {
                let near = closest(name, dataset.columns().map(|field| field.name)).join(", ");
                wrong.push(format!("`{name}` is not a field of {}; closest: {near}", dataset.name));
                continue;
            };
            let rules: Result<Vec<_>, _> = rules.as_slice().iter().map(|rule| ResolvedRule::new(rule, &header, joined)).collect();
            match rules {
                Ok(rules) => fields.push((field, rules)),
                Err(why) => wrong.push(format!("`{name}`: {why}")),
            }
        }
        let implied = |field: &Field| {
            field.name == "statuses" || field.file_default.is_some() || matches!(field.kind, Kind::PeriodBound { .. })
        };
        let missing =
            dataset.columns().filter(|field| field.required && !implied(field) && !table.fields.contains_key(field.name));
        wrong.extend(missing.map(|field| format!("the recipe says nothing of `{}`, which every row must have", field.name)));
        let mut settle = |found: Result<_, String>| found.map_err(|why| wrong.push(why)).ok();
        let cells = table.cells.as_ref().and_then(|cells| settle(columns(cells, &header)));
        let key = context.recipe.companion.as_ref().zip(context.companion).and_then(|(join, _)| {
            let found = key_column(&join.key, &header);
            found.map_err(|why| wrong.push(why)).ok().map(|column| (&join.key, column))
        });
        match wrong.is_empty() {
            true => Ok(Self { header, fields, cells, only, skip, until, status_row, key }),
            false => Err(wrong),
        }
    }
}

/// Finds the columns of a wide table.
fn columns(cells: &WideColumns, header: &Header) -> Result<Vec<usize>, String> {
    if !cells.columns.is_empty() {
        return cells.columns.iter().map(|name| header.column(name)).collect();
    }
    let bound = |letters: &Option<String>, default: usize| letters.as_deref().map_or(Ok(default), header::letter);
    let (first, last) = (bound(&cells.from, 0)?, bound(&cells.to, header.width().saturating_sub(1))?);
    let chosen = |column: &usize| match (cells.level, &cells.is) {
        (Some(level), Some(is)) => header.level(level, *column) == is,
        _ => !header.name(*column).is_empty(),
    };
    let found: Vec<usize> = (first..=last.min(header.width().saturating_sub(1))).filter(chosen).collect();
    if found.is_empty() { Err("no column is one of the recipe's `cells`".to_owned()) } else { Ok(found) }
}
