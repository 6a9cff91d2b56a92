//! Owns the withdrawal of rows by their codes, and the check that no other row still refers to them.
//! Must not know how a row is closed.

use crate::db::write::release_writer::ReleaseWriter;
use crate::db::write::withdrawals;
use crate::problem::{Fault, Reason};
use crate::publication::Effect;
use crate::publish::errors::{EXPLAINED, Faults, PublishError};
use crate::publish::input::manifest::{Manifest, NAME};
use crate::query::suggest::closest;
use crate::query::{Dataset, RowOrigin};

/// Withdraws the rows that the manifest names, in release `number`.
///
/// # Errors
/// Returns an error if the database fails. Unknown codes are added to `faults`.
pub async fn close(
    publication: &ReleaseWriter<'_>,
    registry: &'static [&'static Dataset],
    manifest: &Manifest,
    number: i32,
    (effects, faults): (&mut Vec<Effect>, &mut Faults),
) -> Result<(), PublishError> {
    let transaction = publication.transaction();
    let published = || registry.iter().copied().filter(|dataset| matches!(dataset.rows, RowOrigin::Published));
    for asked in &manifest.withdraw {
        let mut wrong = |reason: Reason, value: &str, detail: String, near: Vec<String>| {
            let fault = Fault::of_file(reason, NAME, detail).closest(near);
            faults.push(if value.is_empty() { fault } else { fault.value(value) });
        };
        let Some(dataset) = published().find(|dataset| dataset.name == asked.dataset) else {
            let near = closest(&asked.dataset, published().map(|dataset| dataset.name));
            let detail = format!("is not a dataset that is published; closest: {}", near.join(", "));
            wrong(Reason::UnknownValue, &asked.dataset, detail, near);
            continue;
        };
        if asked.reason.trim().is_empty() {
            wrong(Reason::Missing, "", "a withdrawal needs a `reason`, which the API shows".to_owned(), Vec::new());
        }
        if asked.codes.is_empty() {
            wrong(Reason::Missing, "", format!("a withdrawal of {} names no `codes`", dataset.name), Vec::new());
        }
        let found = withdrawals::close(transaction, dataset, &asked.codes, number).await?;
        let codes = || asked.codes.iter().zip(&found);
        let closed: Vec<String> =
            codes().filter(|(_, found)| **found).filter_map(|(code, _)| dataset.canonical_code(code)).collect();
        withdrawals::record(transaction, (dataset, &closed, number), &asked.reason, asked.successor.as_deref()).await?;
        for ((code, _), at) in codes().filter(|(_, found)| !**found).zip(0..) {
            let near = if at < EXPLAINED { publication.closest(dataset, code).await? } else { Vec::new() };
            let end = ending(&near);
            let detail = format!("no row of {} that another release published has this code{end}", dataset.name);
            wrong(Reason::UnknownCode, code, detail, near);
        }
        let closed = u64::try_from(closed.len()).unwrap_or_default();
        if let Some(successor) = &asked.successor
            && !withdrawals::exists(transaction, dataset, successor).await?
        {
            let near = publication.closest(dataset, successor).await?;
            let end = ending(&near);
            let detail = format!("no row of {} has this code, of a successor, or not any more{end}", dataset.name);
            wrong(Reason::UnknownCode, successor, detail, near);
        }
        match effects.iter_mut().find(|effect| effect.dataset == dataset.name) {
            Some(effect) => effect.withdrawn += closed,
            None => effects.push(Effect { dataset: dataset.name.to_owned(), withdrawn: closed, ..Effect::default() }),
        }
    }
    Ok(())
}

/// The end of a message about an unknown code: the closest codes, if they were searched.
pub(super) fn ending(closest: &[String]) -> String {
    if closest.is_empty() { String::new() } else { format!("; closest: {}", closest.join(", ")) }
}

/// Checks that no current row refers to a withdrawn one.
///
/// # Errors
/// Returns an error if the database fails. Faults are added to `faults`.
pub async fn check(
    publication: &ReleaseWriter<'_>,
    registry: &'static [&'static Dataset],
    effects: &[Effect],
    number: i32,
    faults: &mut Faults,
) -> Result<(), PublishError> {
    for effect in effects.iter().filter(|effect| effect.withdrawn > 0) {
        let Some(target) = registry.iter().copied().find(|dataset| dataset.name == effect.dataset) else { continue };
        for dataset in registry.iter().copied().filter(|dataset| matches!(dataset.rows, RowOrigin::Published)) {
            for field in dataset.columns().filter(|field| field.reference() == Some(target.name)) {
                let from = (dataset, field.name, field.is_list());
                let orphans = withdrawals::orphans(publication.transaction(), from, target, number).await?;
                faults.add_unlisted(orphans.more);
                for (code, gone) in orphans.listed {
                    let detail = format!("cannot be withdrawn: `{}` of {} {code} names it", field.name, dataset.singular);
                    faults.push(Fault::of_file(Reason::StillReferenced, NAME, detail).value(&gone));
                }
            }
        }
    }
    Ok(())
}
