//! Owns the permission checks of a publication: its files before anything is read, its datasets before any row is read,
//! and its sources once the changed rows are known, so that a key for one source changes no row of another source.
//! Must not know API keys.

use crate::access::Rights;
use crate::db::write::release_writer::ReleaseWriter;
use crate::problem::{Fault, Reason};
use crate::publication::Effect;
use crate::publish::errors::{Faults, PublishError};
use crate::publish::input::files::Inputs;
use crate::publish::input::manifest::{Manifest, NAME};
use crate::publish::rows::recipe;
use crate::query::suggest::closest;
use crate::query::{Dataset, RowOrigin};

/// Checks that the manifest names exactly the files that were sent. A path could lead anywhere on this machine.
///
/// # Errors
/// Returns [`PublishError::Refused`] with each file that is missing or not named.
pub fn files(manifest: &Manifest, received: &[String]) -> Result<(), PublishError> {
    let mut faults = Faults::default();
    let mut named: Vec<&String> = Vec::new();
    for file in &manifest.files {
        let recipe = file.recipe.iter().filter(|recipe| !recipe::is_name(recipe));
        for path in std::iter::once(&file.path).chain(&file.companion).chain(recipe) {
            if !received.contains(path) {
                let near = closest(path, received.iter().map(String::as_str));
                let meant = near.first().map_or(String::new(), |name| format!("; did you mean `{name}`?"));
                let detail = format!("the manifest names this file, which was not sent{meant}");
                faults.push(Fault::of_file(Reason::NotSent, path, detail).closest(near));
            }
            named.push(path);
        }
    }
    for name in received.iter().filter(|name| !named.contains(name)) {
        faults.push(Fault::of_file(Reason::NotNamed, name, format!("the file was sent, but {NAME} does not name it")));
    }
    faults.check()
}

/// Checks that the key permits at least some rows of every dataset that the files and the manifest change.
///
/// # Errors
/// Returns [`PublishError::Forbidden`] with the missing scopes.
pub fn datasets(
    registry: &'static [&'static Dataset],
    inputs: &Inputs,
    manifest: &Manifest,
    rights: &Rights,
) -> Result<(), PublishError> {
    let touched = |dataset: &&&'static Dataset| {
        inputs.datasets.iter().any(|(read, _)| read == dataset.name)
            || manifest.withdraw.iter().any(|asked| asked.dataset == dataset.name)
    };
    let missing = registry.iter().filter(touched).filter(|dataset| !rights.admit_some(dataset));
    check(missing.map(|dataset| Rights::missing(dataset.name)).collect())
}

/// Checks that the key permits the sources of all rows that release `number` opens or closes.
///
/// # Errors
/// Returns [`PublishError::Forbidden`] with the missing scopes, or an error of the database.
pub async fn rows(
    publication: &ReleaseWriter<'_>,
    registry: &'static [&'static Dataset],
    (effects, number): (&[Effect], i32),
    rights: &Rights,
) -> Result<(), PublishError> {
    let mut missing = Vec::new();
    let touched = |dataset: &&&'static Dataset| {
        matches!(dataset.rows, RowOrigin::Published) && effects.iter().any(|effect| effect.dataset == dataset.name)
    };
    for dataset in registry.iter().filter(touched).filter(|dataset| !rights.admit(dataset.name)) {
        let codes = publication.touched_sources(dataset, number).await?;
        let others = codes.iter().filter(|code| !rights.sources().contains(&code.as_str()));
        missing.extend(others.map(|code| Rights::missing_source(code)));
    }
    missing.sort();
    missing.dedup();
    check(missing)
}

fn check(missing: Vec<String>) -> Result<(), PublishError> {
    if missing.is_empty() { Ok(()) } else { Err(PublishError::Forbidden { missing }) }
}
