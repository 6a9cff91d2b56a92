//! Owns the scan of the files of a publication before any row is read: their digests, their formats, their recipes, and the
//! list of parts for each dataset. It runs in the reader process.
//! Must not know the database, nor the process that publishes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::{Input, InputPart, Inputs, PartKind, TableUnit};
use super::manifest::{Manifest, ManifestFile, MergeMode};
use super::readers;
use super::readers::detect::Scan;
use crate::problem::{Fault, Reason};
use crate::publish::errors::{Faults, PublishError};
use crate::publish::file_tree::FileTree;
use crate::publish::rows::copy_writer::FileOrigin;
use crate::publish::rows::recipe::{self, Companion, Recipe};
use crate::query::suggest::closest;
use crate::query::{Dataset, RowOrigin};

/// A file with everything needed to read it.
pub struct ScannedFile {
    /// Its entry in the manifest.
    pub file: ManifestFile,
    /// Its path on disk.
    pub path: PathBuf,
    /// The result of its scan.
    pub scan: Scan,
    /// Its recipe, with the second file that the recipe joins.
    pub recipe: Option<(Recipe, Option<Companion>)>,
}

/// All files of a publication, ready to be read.
pub struct ScannedFiles {
    /// The files.
    pub inputs: Vec<ScannedFile>,
    /// The files and their sheets, for the places of faults.
    pub origins: Vec<FileOrigin>,
    /// The parts that give rows of each dataset, in the order of the registry.
    pub datasets: Vec<(&'static Dataset, Vec<InputPart>)>,
}

impl ScannedFiles {
    /// Scans the files of a manifest and loads their recipes.
    ///
    /// # Errors
    /// Returns an error if a recipe or a second file cannot be read, or with all faults of the files.
    pub fn gather(
        registry: &'static [&'static Dataset],
        manifest: &Manifest,
        folder: &Path,
        recipes: &FileTree,
    ) -> Result<Self, PublishError> {
        let mut faults = Faults::default();
        let mut inputs = Vec::new();
        for file in &manifest.files {
            match scanned(file, folder, recipes)? {
                Ok(input) => inputs.push(input),
                Err(fault) => faults.push(fault),
            }
        }
        faults.check()?;
        let mut gathered = Self { inputs, origins: Vec::new(), datasets: Vec::new() };
        let mut parts: BTreeMap<String, Vec<InputPart>> = BTreeMap::new();
        for at in 0..gathered.inputs.len() {
            for (dataset, part) in gathered.parts(at) {
                parts.entry(dataset).or_default().push(part);
            }
        }
        for (name, parts) in &parts {
            let known = registry.iter().copied().find(|dataset| dataset.name == name);
            if !known.is_some_and(|dataset| matches!(dataset.rows, RowOrigin::Published)) {
                let published = registry.iter().filter(|dataset| matches!(dataset.rows, RowOrigin::Published));
                let near = closest(name, published.map(|dataset| dataset.name));
                let origin = &gathered.origins[parts[0].origin];
                let detail = format!("`{name}` is not a dataset that is published from files; closest: {}", near.join(", "));
                faults.push(origin.file_fault(Reason::UnknownValue, None, detail).closest(near));
            }
        }
        faults.check()?;
        gathered.datasets = registry.iter().filter_map(|dataset| Some((*dataset, parts.remove(dataset.name)?))).collect();
        Ok(gathered)
    }

    /// The parts of an input, each with the name of its dataset.
    fn parts(&mut self, at: usize) -> Vec<(String, InputPart)> {
        let input = &self.inputs[at];
        let mut found = Vec::new();
        let mut origins = Vec::new();
        let first = self.origins.len();
        let mut add = |dataset: &str, file: &str, sheet: Option<&String>, kind: PartKind| {
            found.push((dataset.to_owned(), InputPart { input: at, origin: first + origins.len(), kind }));
            origins.push(FileOrigin { file: file.to_owned(), sheet: sheet.cloned() });
        };
        match &input.recipe {
            None => add(input.file.dataset.as_deref().unwrap_or_default(), &input.file.path, None, PartKind::Whole),
            Some((recipe, _)) => {
                let named = input.file.recipe.as_deref().unwrap_or_default();
                recipe.rows.keys().for_each(|dataset| add(dataset, named, None, PartKind::Recipe));
                for (index, table) in recipe.tables.iter().enumerate() {
                    add(&table.dataset, &input.file.path, table.sheet.as_ref(), PartKind::Table(index));
                }
            }
        }
        self.origins.extend(origins);
        found
    }

    /// What the publication needs to know of the files.
    pub fn summary(&self) -> Inputs {
        let unit = |table: &recipe::RecipeTable| TableUnit { code: table.unit_code.clone(), multiplier: table.unit_multiplier };
        let input = |input: &ScannedFile| Input {
            file: input.file.clone(),
            sha256: input.scan.sha256.clone(),
            bytes: input.scan.bytes,
            tables: input.recipe.as_ref().map(|(recipe, _)| recipe.tables.iter().map(unit).collect()),
        };
        let datasets = self.datasets.iter().map(|(dataset, parts)| (dataset.name.to_owned(), parts.clone())).collect();
        Inputs { inputs: self.inputs.iter().map(input).collect(), origins: self.origins.clone(), datasets }
    }
}

/// Scans one file and loads its recipe. The inner error is a fault of the file.
fn scanned(file: &ManifestFile, folder: &Path, recipes: &FileTree) -> Result<Result<ScannedFile, Fault>, PublishError> {
    let fault = |reason: Reason, detail: String| Ok(Err(Fault::of_file(reason, &file.path, detail)));
    if file.mode == MergeMode::Replace && file.scope.is_empty() {
        return fault(Reason::BadManifest, "in mode `replace`, its `scope` must say which rows it stands for".to_owned());
    }
    let recipe = match (&file.recipe, &file.dataset) {
        (None, None) => return fault(Reason::BadManifest, "the manifest says neither its `dataset` nor its `recipe`".to_owned()),
        (Some(_), Some(_)) => {
            return fault(Reason::BadManifest, "the manifest says both its `dataset` and its `recipe`".to_owned());
        }
        (Some(named), None) => {
            let mut recipe = recipe::load(named, folder, recipes)?;
            for (name, text) in &file.constants {
                if !recipe.set(name, text) {
                    return fault(Reason::RecipeMismatch, format!("its recipe says nothing of the constant `{name}`"));
                }
            }
            Some(recipe)
        }
        (None, Some(_)) => None,
    };
    let recipe = match recipe {
        Some(recipe) => {
            let companion = match (&recipe.companion, &file.companion) {
                (Some(join), Some(path)) => Some(Companion::read(&folder.join(path), join)?),
                (None, None) => None,
                (Some(_), None) => {
                    return fault(Reason::RecipeMismatch, "its recipe needs a second file (`companion`)".to_owned());
                }
                (None, Some(_)) => {
                    return fault(Reason::RecipeMismatch, "its recipe takes no second file (`companion`)".to_owned());
                }
            };
            Some((recipe, companion))
        }
        None => None,
    };
    let dialect = recipe.as_ref().map_or(&file.dialect, |(recipe, _)| &recipe.dialect);
    let path = folder.join(&file.path);
    match readers::detect::scan(&path, dialect) {
        Err(broken) => fault(Reason::Unreadable, broken.detail),
        Ok(scan) => Ok(Ok(ScannedFile { file: file.clone(), path, scan, recipe })),
    }
}
