//! Owns the bundled data and recipes: the archives that the build puts into the program, and the folders that a setting
//! puts in their place.
//! Must not know what is in them.

use crate::config::Config;
use crate::publish::FileTree;

/// The bundles below `data/`, as `build.rs` packs them.
const BUNDLES: FileTree = FileTree::Archive(include_bytes!(concat!(env!("OUT_DIR"), "/bundles.zip")));

/// The recipes in `data/recipes/`, as `build.rs` packs them.
const RECIPES: FileTree = FileTree::Archive(include_bytes!(concat!(env!("OUT_DIR"), "/recipes.zip")));

/// The bundles that an empty database is filled with.
pub fn bundles(config: &Config) -> FileTree {
    config.bundles.clone().map_or(BUNDLES, FileTree::Folder)
}

/// The recipes in the program.
pub fn program_recipes() -> FileTree {
    RECIPES
}

/// The recipes that are called by name.
pub fn recipes(config: &Config) -> FileTree {
    config.recipes.clone().map_or(RECIPES, FileTree::Folder)
}
