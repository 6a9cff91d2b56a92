//! Owns the manifest of a file that comes alone: what its recipe says, or nothing much.
//! Must not know who sends it.

use std::path::Path;

use super::manifest::{File, Manifest};
use crate::publish::errors::PublishError;
use crate::publish::file_tree::FileTree;
use crate::publish::rows::recipe;

/// The manifest of a file that comes alone.
///
/// # Errors
/// When its recipe cannot be read.
pub fn manifest_of(file: File, folder: &Path, recipes: &FileTree) -> Result<Manifest, PublishError> {
    let said = file.recipe.as_deref().map(|named| recipe::load(named, folder, recipes)).transpose()?;
    Ok(match said {
        Some(recipe) => Manifest {
            title: recipe.title,
            description: recipe.description,
            publisher: recipe.publisher,
            licence: recipe.licence,
            notes: recipe.notes,
            ..Manifest::of(file)
        },
        None => Manifest::of(file),
    })
}
