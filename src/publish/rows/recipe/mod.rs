//! Owns recipes: how a table that an agency sends becomes rows of datasets, said in TOML beside the code.
//! Must not know the database.
//!
//! A recipe names the tables of a file. Of each it says where its header and its rows are, which rows count, whether
//! one row of the file gives one row of the dataset or one for each of several columns, and where the value of each
//! field comes from: a column, a header, a second file, a constant, a template.

mod companion;
mod condition;
mod engine;
mod explain;
mod header;
mod model;
mod names;
mod number;
mod piece;
mod plan;
mod time;

pub use super::recipe::companion::Companion;
pub use super::recipe::engine::{Means, Reader};
pub use super::recipe::explain::Explanation;
pub use super::recipe::model::{Recipe, Table};
pub use super::recipe::names::Names;

use std::path::Path;

use crate::publish::errors::PublishError;
use crate::query::suggest::closest;

/// Ending of a recipe's file.
const ENDING: &str = "toml";

/// Whether a text can name a recipe, and leads nowhere else.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Reads a recipe: a file, or the name of one in the folder of recipes.
///
/// # Errors
/// When there is no such recipe, with the closest; when it is at fault, with where.
pub fn load(named: &str, folder: &Path, recipes: &Path) -> Result<Recipe, PublishError> {
    let beside = folder.join(named);
    let path = if named.ends_with(".toml") { beside } else { recipes.join(named).with_extension(ENDING) };
    let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let known = known(recipes);
            let near = closest(named, known.iter().map(String::as_str)).join(", ");
            PublishError::Unreadable(format!("there is no recipe {named}; closest: {near}"))
        }
        _ => PublishError::Unreadable(format!("the recipe {named} cannot be read: {error}")),
    })?;
    parse(named, &text)
}

/// Reads the text of a recipe.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(name: &str, text: &str) -> Result<Recipe, PublishError> {
    toml::from_str(text).map_err(|error| PublishError::Unreadable(format!("the recipe {name} cannot be read: {error}")))
}

/// The names of the recipes in a folder.
fn known(recipes: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(recipes).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|ending| ending == ENDING));
    let mut names: Vec<String> = paths.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    names
}
