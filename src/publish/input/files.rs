//! Owns what a manifest's files come to before any row is read: each scanned, its recipe loaded, and which dataset
//! gets rows from which of them.
//! Must not know the database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::manifest::{File, Manifest, Mode};
use super::readers::{self, Scan};
use crate::publish::errors::{Faults, FileFault, PublishError};
use crate::publish::file_tree::FileTree;
use crate::publish::rows::copy_writer::Origin;
use crate::publish::rows::recipe::{self, Companion, Recipe};
use crate::query::suggest::closest;
use crate::query::{Dataset, RowOrigin};

/// One file with all that is needed to read it.
pub struct Input {
    /// What the manifest says of it.
    pub file: File,
    /// Where it is.
    pub path: PathBuf,
    /// What was found out about it.
    pub scan: Scan,
    /// The recipe, with its second file.
    pub recipe: Option<(Recipe, Option<Companion>)>,
}

/// Where some rows of a dataset come from.
#[derive(Clone, Copy, Debug)]
pub struct Spring {
    /// The index of the input.
    pub input: usize,
    /// The index of its origin.
    pub origin: usize,
    /// Which part of it.
    pub part: Part,
}

/// A part of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The file, whose headers are the names of fields.
    Whole,
    /// A table that the recipe names.
    Table(usize),
    /// The rows that come with the recipe.
    Recipe,
}

/// Everything that is to be read.
pub struct Inputs {
    /// The files.
    pub inputs: Vec<Input>,
    /// The files and their sheets, for places.
    pub origins: Vec<Origin>,
    /// The springs of each dataset, in the order of the registry.
    pub datasets: Vec<(&'static Dataset, Vec<Spring>)>,
}

impl Inputs {
    /// Scans the files of a manifest and loads the recipes.
    ///
    /// # Errors
    /// When a recipe or its second file cannot be read; all faults of the files as such.
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
        let mut springs: BTreeMap<String, Vec<Spring>> = BTreeMap::new();
        for at in 0..gathered.inputs.len() {
            for (dataset, spring) in gathered.springs(at) {
                springs.entry(dataset).or_default().push(spring);
            }
        }
        for (name, springs) in &springs {
            let known = registry.iter().copied().find(|dataset| dataset.name == name);
            if !known.is_some_and(|dataset| matches!(dataset.rows, RowOrigin::Published)) {
                let published = registry.iter().filter(|dataset| matches!(dataset.rows, RowOrigin::Published));
                let near = closest(name, published.map(|dataset| dataset.name)).join(", ");
                let origin = &gathered.origins[springs[0].origin];
                faults
                    .push(origin.whole(None, format!("`{name}` is not a dataset that is published from files; closest: {near}")));
            }
        }
        faults.check()?;
        gathered.datasets = registry.iter().filter_map(|dataset| Some((*dataset, springs.remove(dataset.name)?))).collect();
        Ok(gathered)
    }

    /// How many bytes there are to read, a workbook's for each of its tables.
    pub fn bytes(&self) -> u64 {
        let springs = self.datasets.iter().flat_map(|(_, springs)| springs);
        springs.filter(|spring| spring.part != Part::Recipe).map(|spring| self.inputs[spring.input].scan.bytes).sum()
    }

    /// Which datasets an input feeds.
    fn springs(&mut self, at: usize) -> Vec<(String, Spring)> {
        let input = &self.inputs[at];
        let mut found = Vec::new();
        let mut origins = Vec::new();
        let first = self.origins.len();
        let mut add = |dataset: &str, file: &str, sheet: Option<&String>, part: Part| {
            found.push((dataset.to_owned(), Spring { input: at, origin: first + origins.len(), part }));
            origins.push(Origin { file: file.to_owned(), sheet: sheet.cloned() });
        };
        match &input.recipe {
            None => add(input.file.dataset.as_deref().unwrap_or_default(), &input.file.path, None, Part::Whole),
            Some((recipe, _)) => {
                let named = input.file.recipe.as_deref().unwrap_or_default();
                recipe.rows.keys().for_each(|dataset| add(dataset, named, None, Part::Recipe));
                for (index, table) in recipe.tables.iter().enumerate() {
                    add(&table.dataset, &input.file.path, table.sheet.as_ref(), Part::Table(index));
                }
            }
        }
        self.origins.extend(origins);
        found
    }

    /// The origins of an input's own rows, those of the file.
    pub fn origins_of(&self, input: usize) -> Vec<i32> {
        let springs = self.datasets.iter().flat_map(|(_, springs)| springs);
        let own = springs.filter(|spring| spring.input == input && spring.part != Part::Recipe);
        own.filter_map(|spring| i32::try_from(spring.origin).ok()).collect()
    }

    /// All of it, for a thread of its own.
    pub fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }
}

/// Scans one file.
fn scanned(file: &File, folder: &Path, recipes: &FileTree) -> Result<Result<Input, FileFault>, PublishError> {
    let fault = |detail: String| Ok(Err(FileFault::of_file(&file.path, detail)));
    if file.mode == Mode::Replace && file.scope.is_empty() {
        return fault("in mode `replace`, its `scope` must say which rows it stands for".to_owned());
    }
    let recipe = match (&file.recipe, &file.dataset) {
        (None, None) => return fault("the manifest says neither its `dataset` nor its `recipe`".to_owned()),
        (Some(_), Some(_)) => return fault("the manifest says both its `dataset` and its `recipe`".to_owned()),
        (Some(named), None) => {
            let mut recipe = recipe::load(named, folder, recipes)?;
            for (name, text) in &file.constants {
                if !recipe.set(name, text) {
                    return fault(format!("its recipe says nothing of the constant `{name}`"));
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
                (Some(_), None) => return fault("its recipe needs a second file (`companion`)".to_owned()),
                (None, Some(_)) => return fault("its recipe takes no second file (`companion`)".to_owned()),
            };
            Some((recipe, companion))
        }
        None => None,
    };
    let dialect = recipe.as_ref().map_or(&file.dialect, |(recipe, _)| &recipe.dialect);
    let path = folder.join(&file.path);
    match readers::scan(&path, dialect) {
        Err(broken) => fault(broken.detail),
        Ok(scan) => Ok(Ok(Input { file: file.clone(), path, scan, recipe })),
    }
}
