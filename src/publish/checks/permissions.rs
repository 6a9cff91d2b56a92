//! Owns the permission checks of a publication: its files before anything is read, its datasets before any row is read,
//! and its sources once the changed rows are known, so that a key for one source changes no row and no figure of another source.
//! Must not know tokens.

use crate::access::Rights;
use crate::db::write::api_keys;
use crate::db::write::release_writer::ReleaseWriter;
use crate::problem::{Fault, Reason};
use crate::publication::Effect;
use crate::publish::errors::{Faults, PublishError};
use crate::publish::input::files::Inputs;
use crate::publish::input::manifest::{Manifest, NAME};
use crate::publish::reader_process::ManifestSource;
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

/// Checks that the manifest names the publisher of the key. A single file has no manifest; its release gets the publisher of
/// the key, since a recipe only says who made the file.
///
/// # Errors
/// Returns [`PublishError::Refused`] if the manifest names another publisher.
pub fn publisher(manifest: &mut Manifest, source: &ManifestSource, publisher: &str) -> Result<(), PublishError> {
    if !matches!(source, ManifestSource::Folder) {
        publisher.clone_into(&mut manifest.publisher);
    }
    let mut faults = Faults::default();
    if manifest.publisher != publisher {
        let detail = format!("the `publisher` is not that of the key, which publishes for `{publisher}`");
        let fault = Fault::of_file(Reason::UnknownValue, NAME, detail).value(&manifest.publisher);
        faults.push(fault.allowed([publisher]).closest(vec![publisher.to_owned()]));
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
    let missing =
        registry.iter().filter(|dataset| inputs.touch(manifest, dataset.name)).filter(|dataset| !rights.admit_some(dataset));
    check(missing.map(|dataset| Rights::missing_dataset(dataset)).collect())
}

/// Checks that the key permits the sources of all rows that release `number` opens, closes or puts in the place of withdrawn ones,
/// and of the rows whose figures they enter into. Derived rows follow from those.
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
    for dataset in registry.iter().filter(touched).filter(|dataset| !rights.admit_all(dataset)) {
        let sources = publication.touched_sources(dataset, number).await?;
        let others = sources.iter().filter(|source| !rights.admit(dataset, source));
        missing.extend(others.map(|source| Rights::missing(dataset, source)));
        for (field, name) in dataset.enters() {
            let Some(target) = registry.iter().find(|target| target.name == name) else { continue };
            let sources = publication.referred_sources(dataset, field, target, number).await?;
            let others = sources.iter().filter(|source| !rights.admit_reference(dataset, target, source));
            missing.extend(others.map(|source| Rights::missing_reference(target, source)));
        }
    }
    missing.sort();
    missing.dedup();
    check(missing)
}

/// Checks that a key is still valid, in the transaction that publishes with it. It cannot be revoked before the transaction ends.
///
/// # Errors
/// Returns [`PublishError::KeyInvalid`] if it was revoked or has expired, or an error of the database.
pub async fn key(publication: &ReleaseWriter<'_>, name: &str) -> Result<(), PublishError> {
    match api_keys::hold(publication.transaction(), name).await? {
        Some(key) if key.valid => Ok(()),
        Some(key) if key.revoked_at.is_none() => Err(PublishError::KeyInvalid { why: "has expired" }),
        _ => Err(PublishError::KeyInvalid { why: "has been revoked" }),
    }
}

fn check(missing: Vec<String>) -> Result<(), PublishError> {
    if missing.is_empty() { Ok(()) } else { Err(PublishError::Forbidden { missing }) }
}
