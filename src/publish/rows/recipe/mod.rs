//! Owns recipes: TOML files that describe how the tables of an agency become rows of datasets.
//! Must not know the database.
//!
//! A recipe names the tables of a file. For each table it gives the rows of the header, the rows to read, whether a row
//! of the file gives one row of the dataset or one for each of several columns, and the source of each field: a column,
//! a header, a second file, a constant or a template.

mod companion;
mod condition;
mod explain;
mod field_rule;
mod field_rules;
mod header;
mod model;
mod number;
mod recipe_reader;
mod resolved_table;
mod row_context;
mod template;
mod territory_names;
mod time;

pub use super::recipe::companion::Companion;
pub use super::recipe::explain::Explanation;
pub use super::recipe::model::{Recipe, RecipeTable};
pub use super::recipe::recipe_reader::RecipeReader;
pub use super::recipe::resolved_table::RecipeContext;
pub use super::recipe::territory_names::TerritoryNames;

use std::path::Path;

use crate::publish::errors::PublishError;
use crate::publish::file_tree::FileTree;
use crate::query::suggest::closest;

/// The file extension of a recipe.
const ENDING: &str = "toml";

/// The most bytes of a recipe; the longest of those in the program has ten thousand.
const RECIPE_BYTES: usize = 256 * 1024;

/// The most patterns of a recipe.
const PATTERNS: usize = 200;

/// The members of a recipe that are patterns.
const PATTERN_MEMBERS: [&str; 4] = ["matches", "when", "strip", "extract"];

/// Whether a text is the name of a recipe rather than a path.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Reads a recipe: a file, whose path ends in `.toml` and starts at `folder`, or one of `recipes` by its name.
///
/// # Errors
/// Returns an error if there is no such recipe, with the closest names, or if it is invalid, with the place.
pub fn load(named: &str, folder: &Path, recipes: &FileTree) -> Result<Recipe, PublishError> {
    let text = match named.ends_with(".toml") {
        true => std::fs::read_to_string(folder.join(named)),
        false => recipes.read(&format!("{named}.{ENDING}")),
    };
    let text = text.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let known = known(recipes);
            let near = closest(named, known.iter().map(String::as_str)).join(", ");
            PublishError::Unreadable(format!("there is no recipe {named}; closest: {near}"))
        }
        _ => PublishError::Unreadable(format!("the recipe {named} cannot be read: {error}")),
    })?;
    parse(named, &text)
}

/// Parses a recipe.
///
/// # Errors
/// Returns an error if it is invalid, with the place.
pub fn parse(name: &str, text: &str) -> Result<Recipe, PublishError> {
    let unreadable = |why: String| PublishError::Unreadable(format!("the recipe {name} cannot be read: {why}"));
    if text.len() > RECIPE_BYTES {
        return Err(unreadable(format!("it has {} bytes, and may have {RECIPE_BYTES}", text.len())));
    }
    // Patterns are counted before any is compiled.
    let members: toml::Table = toml::from_str(text).map_err(|error| unreadable(crate::problem::excerpt(&error.to_string())))?;
    let patterns = members.values().map(patterns).sum::<usize>();
    if patterns > PATTERNS {
        return Err(unreadable(format!(
            "it has {patterns} patterns (`matches`, `when`, `strip`, `extract`), and may have {PATTERNS}"
        )));
    }
    toml::from_str(text).map_err(|error| unreadable(crate::problem::excerpt(&error.to_string())))
}

/// The number of members that are patterns, in a value and below it.
fn patterns(value: &toml::Value) -> usize {
    match value {
        toml::Value::Table(table) => {
            let own = |name: &str, value: &toml::Value| usize::from(value.is_str() && PATTERN_MEMBERS.contains(&name));
            table.iter().map(|(name, value)| own(name, value) + patterns(value)).sum()
        }
        toml::Value::Array(values) => values.iter().map(patterns).sum(),
        _ => 0,
    }
}

/// The names of the recipes, in alphabetical order.
fn known(recipes: &FileTree) -> Vec<String> {
    let files = recipes.names().unwrap_or_default();
    files.iter().filter_map(|file| Some(file.strip_suffix(ENDING)?.strip_suffix('.')?.to_owned())).collect()
}
