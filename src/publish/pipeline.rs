//! Owns the steps of a publication: its files are read by a process of their own, staged, checked and merged in one transaction.
//! Must not know the formats of the files.

use std::path::Path;

use tokio::sync::SemaphorePermit;

use super::audit_record;
use super::checks::manifest_texts;
use super::checks::permissions;
use super::checks::rows;
use super::checks::structure;
use super::checks::withdrawals;
use super::errors::{Faults, PublishError};
use super::input::files::{Input, InputPart, Inputs, PartKind};
use super::input::manifest::Manifest;
use super::job::Job;
use super::progress::Progress;
use super::reader_process::{FileReader, ReadRequest};
use crate::db::connection::config::Client;
use crate::db::write::audit::Requester;
use crate::db::write::derivation;
use crate::db::write::release_writer::{ReleaseRecord, ReleaseWriter};
use crate::db::write::staging::Stage;
use crate::problem::Reason;
use crate::publication::{Effect, Outcome, Phase, ReadFile, Report};
use crate::query::{Dataset, RowOrigin};

/// A dataset with its staged rows and the parts that they come from.
type Staged<'t, 'c, 'i> = (&'static Dataset, Stage<'t, 'c>, &'i [InputPart]);

/// Publishes a job as one release, or nothing, and records the result in the audit.
///
/// # Errors
/// Returns an error if nothing was published. A failure of the service itself is not recorded in the audit.
pub async fn publish(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    job: &Job,
    progress: &Progress,
) -> Result<Report, PublishError> {
    let mut requester = job.requester.clone();
    let outcome = gathered(client, registry, job, &mut requester, progress).await;
    progress.finish();
    audit_record::record(client, &requester, (job.dry_run, &job.folder), &outcome).await?;
    outcome
}

async fn gathered(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    job: &Job,
    requester: &mut Requester,
    progress: &Progress,
) -> Result<Report, PublishError> {
    progress.enter(Phase::Reading);
    let request = ReadRequest {
        manifest: job.manifest.clone(),
        folder: job.folder.clone(),
        recipes: job.recipes.folder().map(Path::to_owned),
        received: job.received.clone(),
        explain: job.explain,
    };
    let turn = job.turns.acquire().await.ok();
    let (reader, mut manifest, inputs) = FileReader::start(&job.reader, request).await?;
    if requester.files.is_empty() {
        requester.files = inputs.inputs.iter().map(|input| (input.file.path.clone(), input.sha256.clone())).collect();
    }
    manifest_texts::check(&manifest)?;
    if let Some(key) = &job.key {
        permissions::publisher(&mut manifest, &job.manifest, &key.publisher)?;
        permissions::datasets(registry, &inputs, &manifest, &key.rights)?;
    }
    progress.set_total(inputs.bytes());
    run(client, registry, (job, requester), ((reader, turn), &manifest, &inputs), progress).await
}

async fn run(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    (job, requester): (&Job, &Requester),
    ((mut reader, turn), manifest, inputs): ((FileReader, Option<SemaphorePermit<'_>>), &Manifest, &Inputs),
    progress: &Progress,
) -> Result<Report, PublishError> {
    let publication = ReleaseWriter::begin(client, job.dry_run).await?;
    reader.begin_rows(&publication, inputs).await?;
    let (mut faults, mut warnings, mut explanation) = (Faults::default(), Faults::default(), String::new());
    let mut staged: Vec<Staged<'_, '_, '_>> = Vec::new();
    for (dataset, parts) in inputs.datasets(registry) {
        let stage = Stage::create(publication.transaction(), dataset).await?;
        let read = reader.copy_dataset(&stage, progress).await?;
        faults.extend(read.faults);
        warnings.extend(read.warnings);
        explanation.push_str(&read.explanation);
        staged.push((dataset, stage, parts));
    }
    drop((reader, turn));
    faults.check()?;
    progress.enter(Phase::Checking);
    let mut replaced = Vec::new();
    for (dataset, stage, parts) in &staged {
        replaced.push(rows::staged(inputs, (dataset, parts), stage, &mut faults).await?);
    }
    let files = files(inputs, &staged, &mut faults).await?;
    faults.check()?;
    progress.enter(Phase::Waiting);
    let number = match job.dry_run {
        true => publication.copy_tables(&changed(registry, inputs, manifest)).await?,
        false => publication.acquire_lock(job.wait).await?.ok_or(PublishError::Busy)?,
    };
    progress.enter(Phase::Comparing);
    let (mut effects, mut changes) = (Vec::new(), Vec::new());
    for ((dataset, stage, _), scopes) in staged.iter().zip(&replaced) {
        let effect = stage.merge(number, scopes).await?;
        publication.analyze(dataset, effect.written()).await?;
        let changed = effect.changed;
        effects.push(effect);
        if changed == 0 {
            continue;
        }
        changes.extend(stage.changes(number).await?);
        let (jumps, count) = stage.jumps(number, manifest.warn_above).await?;
        warnings.add_unlisted(usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(jumps.len()));
        for (place, before) in jumps {
            let detail = format!("was {before}: it changes by more than the manifest's `warn_above`");
            warnings.push(rows::fault(Reason::LargeChange, inputs, place, None, detail));
        }
    }
    withdrawals::close(&publication, registry, manifest, number, (&mut effects, &mut faults)).await?;
    for (dataset, stage, parts) in &staged {
        let findings = (&mut faults, &mut warnings);
        rows::merged(&publication, registry, inputs, (dataset, parts), (stage, number), findings).await?;
        structure::merged(&publication, registry, inputs, (stage, number), &mut faults).await?;
    }
    structure::derivable(&publication, registry, &effects, &mut faults).await?;
    withdrawals::check(&publication, registry, &effects, number, &mut faults).await?;
    faults.check()?;
    if let Some(key) = &job.key {
        permissions::rows(&publication, registry, (&effects, number), &key.rights).await?;
    }
    if !effects.iter().all(|effect| effect.is_empty()) {
        progress.enter(Phase::Deriving);
        derive(&publication, registry, number, &mut effects).await?;
    }
    if let Some(key) = &job.key {
        permissions::key(&publication, &key.name).await?;
    }
    let nothing = effects.iter().all(|effect| effect.is_empty());
    let (warnings, warning_count) = warnings.into_parts();
    let mut report = Report {
        outcome: Outcome::Unchanged,
        release: None,
        title: manifest.title.clone(),
        files,
        datasets: effects,
        changes,
        warnings,
        warning_count,
        explanation: (job.explain > 0).then_some(explanation),
    };
    if nothing {
        return Ok(report);
    }
    report.outcome = Outcome::WouldPublish;
    if !job.dry_run {
        report.outcome = Outcome::Published;
        report.release = Some(number);
        let entry = requester.entry(false, report.outcome, report.release, serde_json::json!(report));
        publication.commit(number, record((job, manifest), inputs, &report), &report.datasets, &entry).await?;
    }
    Ok(report)
}

/// The datasets whose rows a publication may change: those of its files and withdrawals. Derived rows are copied when they are
/// computed.
fn changed(registry: &'static [&'static Dataset], inputs: &Inputs, manifest: &Manifest) -> Vec<&'static Dataset> {
    let changed = |dataset: &&&'static Dataset| match dataset.rows {
        RowOrigin::Published => inputs.touch(manifest, dataset.name),
        RowOrigin::Derived { .. } | RowOrigin::Releases => false,
    };
    registry.iter().filter(changed).copied().collect()
}

/// The report on each file.
async fn files(inputs: &Inputs, staged: &[Staged<'_, '_, '_>], faults: &mut Faults) -> Result<Vec<ReadFile>, PublishError> {
    let mut files = Vec::new();
    for (at, input) in inputs.inputs.iter().enumerate() {
        let origins = inputs.origins_of(at);
        let mut rows = 0;
        for (_, stage, parts) in staged {
            if parts.iter().any(|part| part.input == at && part.kind != PartKind::Recipe) {
                rows += stage.rows(&origins).await?;
            }
        }
        rows::manifest_claims(input, rows, faults);
        let (bytes, sha256) = (input.bytes, input.sha256.clone());
        files.push(ReadFile { path: input.file.path.clone(), bytes, sha256, rows });
    }
    Ok(files)
}

/// Computes the datasets that are derived from the changed ones.
async fn derive(
    publication: &ReleaseWriter<'_>,
    registry: &'static [&'static Dataset],
    number: i32,
    effects: &mut Vec<Effect>,
) -> Result<(), PublishError> {
    for dataset in registry {
        let RowOrigin::Derived { from, by } = dataset.rows else { continue };
        if structure::is_stale(from, effects) {
            effects.extend(derivation::derive(publication, dataset, by, number).await?);
        }
    }
    Ok(())
}

/// The record of the release.
fn record((job, manifest): (&Job, &Manifest), inputs: &Inputs, report: &Report) -> ReleaseRecord {
    let file = |(file, input): (&ReadFile, &Input)| {
        let (dataset, recipe) = (&input.file.dataset, &input.file.recipe);
        serde_json::json!({"path": file.path, "rows": file.rows, "sha256": file.sha256, "dataset": dataset, "recipe": recipe})
    };
    let notes = manifest.notes.as_ref().map_or(String::new(), |notes| format!("\n\n{notes}"));
    ReleaseRecord {
        title: manifest.title.clone(),
        notes: Some(format!("{}{notes}", manifest.description)),
        publisher: manifest.publisher.clone(),
        licence: manifest.licence.clone(),
        bundle: job.bundle.clone(),
        files: report.files.iter().zip(&inputs.inputs).map(file).collect(),
    }
}
