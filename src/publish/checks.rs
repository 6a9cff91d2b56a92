//! Owns the checks that need all rows of a publication at once: keys, totals, references.
//! Must not know how rows are read, nor what becomes of them.

use super::fault::{Faults, FileFault, PublishError};
use super::manifest::{File, Manifest};
use crate::db::publication::Publication;
use crate::db::stage::{Place, Stage};
use crate::query::{Dataset, Field, Kind, value};

/// Checks that no key stands in the files twice.
///
/// # Errors
/// The database's; faults of the rows are gathered.
pub async fn keys(
    dataset: &'static Dataset,
    stage: &Stage<'_, '_>,
    manifest: &Manifest,
    faults: &mut Faults,
) -> Result<(), PublishError> {
    for place in stage.duplicates().await? {
        faults.push(fault(manifest, place, None, format!("the key stands in {} more than once", dataset.name)));
    }
    Ok(())
}

/// Checks the sums that the manifest gives for a file.
///
/// # Errors
/// The database's; faults of the rows and the manifest are gathered.
pub async fn totals(
    dataset: &'static Dataset,
    stage: &Stage<'_, '_>,
    (index, file): (usize, &File),
    faults: &mut Faults,
) -> Result<(), PublishError> {
    const AMOUNT: Field = Field::optional("total", Kind::Decimal, "", "");
    let number = |field: &&'static Field| matches!(field.kind, Kind::Integer { .. } | Kind::Decimal);
    for (name, total) in &file.totals {
        let detail = match (dataset.field(name).filter(number), value::parse(&AMOUNT, total)) {
            (None, _) => Some(format!("the manifest gives a total of `{name}`, which is not a field of numbers")),
            (_, Err(why)) => Some(format!("the manifest's total of `{name}` {why}")),
            (Some(field), Ok(total)) => stage
                .agrees(index, field.name, &total)
                .await?
                .err()
                .map(|sum| format!("`{name}` sums to {sum}, where the manifest says {total}")),
        };
        detail.into_iter().for_each(|detail| faults.push(FileFault::of_file(&file.path, detail)));
    }
    Ok(())
}

/// Checks that every code that the rows name is there once the publication is done.
///
/// # Errors
/// The database's; faults of the rows are gathered.
pub async fn references(
    publication: &Publication<'_>,
    registry: &'static [&'static Dataset],
    dataset: &'static Dataset,
    stage: &Stage<'_, '_>,
    manifest: &Manifest,
    faults: &mut Faults,
) -> Result<(), PublishError> {
    for field in dataset.columns() {
        let Some(target) = field.reference().and_then(|name| registry.iter().copied().find(|d| d.name == name)) else {
            continue;
        };
        for place in stage.dangling(field.name, field.is_list(), target).await? {
            let near = publication.closest(target, &place.value).await?;
            let detail = format!("no row of {} has this code; closest: {}", target.name, near.join(", "));
            faults.push(fault(manifest, place, Some(field.name), detail));
        }
    }
    Ok(())
}

fn fault(manifest: &Manifest, place: Place, column: Option<&str>, detail: String) -> FileFault {
    FileFault {
        file: manifest.files[place.file].path.clone(),
        line: u64::try_from(place.line).ok(),
        column: column.map(str::to_owned),
        value: Some(place.value),
        detail,
    }
}
