//! Owns the making of one release, or of nothing: files are staged, checked, merged in one transaction.
//! Must not know the form of the files.

use std::path::PathBuf;
use std::sync::Arc;

use super::audit_record;
use super::checks::permissions;
use super::checks::rows;
use super::checks::withdrawals;
use super::errors::{Faults, PublishError};
use super::file_tree::FileTree;
use super::input::files::{Inputs, Part, Spring};
use super::input::manifest::Manifest;
use super::load;
use super::progress::{Progress, Step};
use super::report::{Effect, Outcome, ReadFile, Report};
use super::rows::recipe::Names;
use crate::access::Rights;
use crate::db::connection::config::Client;
use crate::db::write::audit::By;
use crate::db::write::merge::Scope;
use crate::db::write::release_writer::{Publication, Record};
use crate::db::write::staging::Stage;
use crate::query::{Dataset, RowOrigin};

/// A publication that is asked for.
#[derive(Clone, Debug)]
pub struct Job {
    /// What is published.
    pub manifest: Manifest,
    /// The folder that the manifest's paths start from.
    pub folder: PathBuf,
    /// The recipes that are called by name.
    pub recipes: FileTree,
    /// The bundle that it is, of the service's own data.
    pub bundle: Option<String>,
    /// Whether everything is done but the release.
    pub trial: bool,
    /// How many rows of each table a recipe explains.
    pub explain: usize,
    /// Whether it waits for another publication to end.
    pub wait: bool,
    /// The names of the files that were sent, where the folder holds those alone: the manifest may name no others.
    pub received: Option<Vec<String>>,
    /// What may be published.
    pub rights: Rights,
    /// Who asks.
    pub by: By,
}

/// A dataset with its staged rows.
type Staged<'t, 'c, 'i> = (&'static Dataset, Stage<'t, 'c>, &'i [Spring]);

/// Makes one release of a job, or nothing, and puts down in the audit what came of it: with the release, where there is
/// one.
///
/// # Errors
/// [`PublishError`]; then nothing has been published. What failed for the service's own reasons is not put down.
pub async fn publish(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    job: &Job,
    progress: &Progress,
) -> Result<Report, PublishError> {
    let mut by = job.by.clone();
    let outcome = gathered(client, registry, job, &mut by, progress).await;
    progress.finish();
    audit_record::put_down(client, &by, (job.trial, &job.folder), &outcome).await?;
    outcome
}

async fn gathered(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    job: &Job,
    by: &mut By,
    progress: &Progress,
) -> Result<Report, PublishError> {
    if let Some(received) = &job.received {
        permissions::files(&job.manifest, received)?;
    }
    progress.step(Step::Reading);
    let gathered = {
        let (job, path) = (job.clone(), job.folder.clone());
        let gather = move || Inputs::gather(registry, &job.manifest, &path, &job.recipes);
        tokio::task::spawn_blocking(gather)
            .await
            .map_err(|_| PublishError::Unreadable("the scan of the files broke off".to_owned()))?
    };
    let inputs = gathered?.shared();
    if by.files.is_empty() {
        by.files = inputs.inputs.iter().map(|input| (input.file.path.clone(), input.scan.sha256.clone())).collect();
    }
    permissions::datasets(registry, &inputs, &job.manifest, &job.rights)?;
    progress.expect(inputs.bytes());
    run(client, registry, (job, by), &inputs, progress).await
}

async fn run(
    client: &mut Client,
    registry: &'static [&'static Dataset],
    (job, by): (&Job, &By),
    inputs: &Arc<Inputs>,
    progress: &Progress,
) -> Result<Report, PublishError> {
    let publication = Publication::begin(client).await?;
    let names = Arc::new(names(&publication, inputs).await?);
    let (mut faults, mut warnings, mut explanation) = (Faults::default(), Faults::default(), String::new());
    let mut staged: Vec<Staged<'_, '_, '_>> = Vec::new();
    for (dataset, springs) in &inputs.datasets {
        let stage = Stage::create(publication.transaction(), dataset).await?;
        let read = load::read(inputs, (dataset, springs), &stage, &names, progress, job.explain).await?;
        faults.extend(read.faults);
        warnings.extend(read.warnings);
        explanation.push_str(&read.explanation);
        staged.push((*dataset, stage, springs));
    }
    faults.check()?;
    progress.step(Step::Checking);
    let mut replaced = Vec::new();
    for (dataset, stage, springs) in &staged {
        replaced.push(rows::staged(inputs, (dataset, springs), stage, &mut faults).await?);
    }
    let files = files(inputs, &staged, &mut faults).await?;
    faults.check()?;
    progress.step(Step::Waiting);
    let number = publication.take_turn(job.wait).await?.ok_or(PublishError::Busy)?;
    progress.step(Step::Comparing);
    let (mut effects, mut changes) = (Vec::new(), Vec::new());
    for ((dataset, stage, _), scopes) in staged.iter().zip(&replaced) {
        let counts = stage.merge(number, scopes).await?;
        publication.analyze(dataset).await?;
        effects.push(Effect { dataset: dataset.name, counts });
        if counts.changed == 0 {
            continue;
        }
        changes.extend(stage.changes(number).await?);
        let (jumps, count) = stage.jumps(number, job.manifest.warn_above).await?;
        warnings.unlisted(usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(jumps.len()));
        for (place, before) in jumps {
            let detail = format!("was {before}: it changes by more than the manifest's `warn_above`");
            warnings.push(rows::fault(inputs, place, None, detail));
        }
    }
    withdrawals::close(&publication, registry, &job.manifest, number, (&mut effects, &mut faults)).await?;
    for (dataset, stage, springs) in &staged {
        let told = (&mut faults, &mut warnings);
        rows::merged(&publication, registry, inputs, (dataset, springs), stage, told).await?;
    }
    withdrawals::check(&publication, registry, &effects, number, &mut faults).await?;
    faults.check()?;
    permissions::rows(&publication, registry, (&effects, number), &job.rights).await?;
    if !effects.iter().all(|effect| effect.counts.is_nothing()) {
        progress.step(Step::Deriving);
        derive(&publication, registry, number, &mut effects).await?;
    }
    let nothing = effects.iter().all(|effect| effect.counts.is_nothing());
    let (warnings, warning_count) = warnings.into_parts();
    let mut report = Report {
        outcome: Outcome::Unchanged,
        release: None,
        title: job.manifest.title.clone(),
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
    if !job.trial {
        let counts: Vec<_> = report.datasets.iter().filter(|e| !e.counts.is_nothing()).map(|e| (e.dataset, e.counts)).collect();
        report.outcome = Outcome::Published;
        report.release = Some(number);
        let entry = by.line(false, audit_record::word(&report), report.release, serde_json::json!(report));
        publication.commit(number, record(job, inputs, &report), &counts, &entry).await?;
    }
    Ok(report)
}

/// The territories by their names, if a recipe asks for them.
async fn names(publication: &Publication<'_>, inputs: &Inputs) -> Result<Names, PublishError> {
    let mut names = Names::default();
    if inputs.inputs.iter().any(|input| input.recipe.is_some()) {
        for (kind, code, name) in publication.territories().await? {
            names.add(&kind, &code, &name);
        }
    }
    Ok(names)
}

/// What was read of each file.
async fn files(inputs: &Inputs, staged: &[Staged<'_, '_, '_>], faults: &mut Faults) -> Result<Vec<ReadFile>, PublishError> {
    let mut files = Vec::new();
    for (at, input) in inputs.inputs.iter().enumerate() {
        let origins = inputs.origins_of(at);
        let mut rows = 0;
        for (_, stage, springs) in staged {
            if springs.iter().any(|spring| spring.input == at && spring.part != Part::Recipe) {
                rows += stage.rows(&origins).await?;
            }
        }
        rows::promises(input, rows, faults);
        let (bytes, sha256) = (input.scan.bytes, input.scan.sha256.clone());
        files.push(ReadFile { path: input.file.path.clone(), bytes, sha256, rows });
    }
    Ok(files)
}

/// Computes the datasets that follow from those that were touched.
async fn derive(
    publication: &Publication<'_>,
    registry: &'static [&'static Dataset],
    number: i32,
    effects: &mut Vec<Effect>,
) -> Result<(), PublishError> {
    for dataset in registry {
        let RowOrigin::Derived { from, by } = dataset.rows else { continue };
        if effects.iter().any(|effect| from.contains(&effect.dataset) && !effect.counts.is_nothing()) {
            let stage = Stage::create(publication.transaction(), dataset).await?;
            stage.derive(by).await?;
            let counts = stage.merge(number, &[Scope::new()]).await?;
            publication.analyze(dataset).await?;
            effects.push(Effect { dataset: dataset.name, counts });
        }
    }
    Ok(())
}

/// What is recorded of the release.
fn record(job: &Job, inputs: &Inputs, report: &Report) -> Record {
    let manifest = &job.manifest;
    let file = |(file, input): (&ReadFile, &super::input::files::Input)| {
        let (dataset, recipe) = (&input.file.dataset, &input.file.recipe);
        let mut json = serde_json::json!({"path": file.path, "rows": file.rows, "sha256": file.sha256});
        for (name, text) in [("dataset", dataset), ("recipe", recipe)] {
            if let Some(text) = text {
                json[name] = text.as_str().into();
            }
        }
        json
    };
    let notes = manifest.notes.as_ref().map_or(String::new(), |notes| format!("\n\n{notes}"));
    Record {
        title: manifest.title.clone(),
        notes: Some(format!("{}{notes}", manifest.description)),
        publisher: manifest.publisher.clone(),
        licence: manifest.licence.clone(),
        bundle: job.bundle.clone(),
        files: report.files.iter().zip(&inputs.inputs).map(file).collect(),
    }
}
