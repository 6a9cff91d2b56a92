//! Owns the manifest of a single file, which its recipe or the defaults give.
//! Must not know who sends the file.

use std::path::Path;

use super::manifest::{Manifest, ManifestFile};
use crate::publish::errors::PublishError;
use crate::publish::file_tree::FileTree;
use crate::publish::rows::recipe;

/// Makes the manifest of a single file.
///
/// # Errors
/// Returns an error if its recipe cannot be read.
pub fn manifest_of(file: ManifestFile, folder: &Path, recipes: &FileTree) -> Result<Manifest, PublishError> {
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
