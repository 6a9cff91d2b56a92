//! Owns the commands `publish` and `withdraw`: the jobs that their arguments ask for, and their reports.
//! Must not know how anything is published.

mod args;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::bundled;
use super::database::{self, DatabaseRoles};
use super::environment::configure;
use super::exit_status::ExitStatus;
use super::output::{print, text};
use super::start::Start;
use crate::config::Config;
use crate::datasets::REGISTRY;
use crate::db::write::audit::Requester;
use crate::publication::{Outcome, Report};
use crate::publish::{
    self, FileDialect, Job, Manifest, ManifestFile, ManifestSource, ManifestWithdrawal, Progress, PublishError, ScopeValues,
};
use args::{FileArgs, ReleaseArgs};
pub use args::{PublishArgs, WithdrawArgs};

/// Runs `publish`.
///
/// # Errors
/// Returns a message for the operator if the report cannot be printed.
pub fn publish(args: &PublishArgs) -> Result<ExitStatus, String> {
    run(&args.release, |config| publish_job(args, config))
}

/// Runs `withdraw`.
///
/// # Errors
/// Returns a message for the operator if the report cannot be printed.
pub fn withdraw(args: &WithdrawArgs) -> Result<ExitStatus, String> {
    run(&args.release, |config| Ok(withdraw_job(args, config)))
}

fn run(args: &ReleaseArgs, job: impl FnOnce(&Config) -> Result<Job, PublishError>) -> Result<ExitStatus, String> {
    let outcome = configure().map_err(PublishError::Unreadable).and_then(|config| {
        let job = job(&config)?;
        execute(&config, &job)
    });
    report(&outcome, args.json)
}

/// Sets the database up if needed, and publishes.
fn execute(config: &Config, job: &Job) -> Result<Report, PublishError> {
    let failed = PublishError::Unreadable;
    let databases = DatabaseRoles::for_command(config).map_err(failed)?;
    databases.set_up(config, &Start::of_command()).map_err(failed)?;
    database::runtime().map_err(failed)?.block_on(async {
        let mut writer = databases.service.writer().await?;
        let title = if let ManifestSource::Given(manifest) = &job.manifest { manifest.title.as_str() } else { "" };
        publish::publish(&mut writer, REGISTRY, job, &Progress::start(title)).await
    })
}

/// Prints the outcome, and gives the exit status for it.
fn report(outcome: &Result<Report, PublishError>, json: bool) -> Result<ExitStatus, String> {
    match outcome {
        Ok(report) if json => print(&pretty(report)?)?,
        Ok(report) => print(&report.to_string())?,
        Err(PublishError::Refused { faults, count }) if json => {
            print(&pretty(&serde_json::json!({"outcome": Outcome::Refused, "errors": faults, "error_count": count}))?)?;
        }
        Err(error) => eprintln!("error: {error}"),
    }
    Ok(match outcome {
        Ok(report) if report.outcome == Outcome::Unchanged => ExitStatus::Unchanged,
        Ok(_) => ExitStatus::Success,
        Err(PublishError::Refused { .. }) => ExitStatus::Invalid,
        Err(PublishError::Busy) => ExitStatus::Busy,
        Err(_) => ExitStatus::Failure,
    })
}

fn pretty(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value).map(|json| json + "\n").map_err(text)
}

fn job(args: &ReleaseArgs, config: &Config, mut manifest: Manifest, folder: PathBuf, explain: usize) -> Job {
    for (given, place) in
        [(&args.title, &mut manifest.title), (&args.publisher, &mut manifest.publisher), (&args.licence, &mut manifest.licence)]
    {
        if let Some(text) = given {
            place.clone_from(text);
        }
    }
    if args.notes.is_some() {
        manifest.notes.clone_from(&args.notes);
    }
    Job {
        manifest: ManifestSource::Given(Box::new(manifest)),
        folder,
        recipes: bundled::recipes(config),
        reader: config.reader.clone(),
        turns: Arc::new(Semaphore::new(1)),
        bundle: None,
        dry_run: args.dry_run || explain > 0,
        explain,
        wait: !args.no_wait,
        received: None,
        key: None,
        requester: Requester::command_line(),
    }
}

fn publish_job(args: &PublishArgs, config: &Config) -> Result<Job, PublishError> {
    let path = &args.path;
    let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => PublishError::Unreadable(format!("there is no file or folder {}", path.display())),
        _ => PublishError::Unreadable(format!("cannot read {}: {error}", path.display())),
    })?;
    let (mut manifest, folder) = match metadata.is_dir() {
        true => (Manifest::read(path)?, path.clone()),
        false => {
            let (folder, name) = split(path);
            (publish::manifest_of(file(&args.file, name), &folder, &bundled::recipes(config))?, folder)
        }
    };
    manifest.warn_above = args.warn_above.unwrap_or(manifest.warn_above);
    Ok(job(&args.release, config, manifest, folder, args.explain.unwrap_or(0)))
}

/// The entry of the manifest that the arguments stand for.
fn file(args: &FileArgs, path: String) -> ManifestFile {
    ManifestFile {
        path,
        dataset: args.dataset.clone(),
        recipe: args.recipe.as_deref().map(absolute_recipe),
        companion: args.companion.as_deref().map(absolute_path),
        rows: args.rows,
        dialect: FileDialect {
            format: args.format.clone(),
            encoding: args.encoding.clone(),
            delimiter: args.delimiter,
            quote: args.quote,
        },
        constants: args.constant.iter().cloned().collect(),
        totals: args.total.iter().cloned().collect(),
        mode: args.mode.map(Into::into).unwrap_or_default(),
        scope: scope(&args.scope),
        ..ManifestFile::default()
    }
}

fn withdraw_job(args: &WithdrawArgs, config: &Config) -> Job {
    let manifest = Manifest::withdrawing(ManifestWithdrawal {
        dataset: args.dataset.clone(),
        codes: args.codes.clone(),
        reason: args.reason.clone(),
        successor: args.successor.clone(),
    });
    job(&args.release, config, manifest, PathBuf::from("."), 0)
}

/// The folder of a file, and its name.
fn split(path: &Path) -> (PathBuf, String) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    (folder.to_owned(), path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default())
}

/// A recipe's path as an absolute one. The name of a recipe is no path and stays.
fn absolute_recipe(recipe: &str) -> String {
    if recipe.ends_with(".toml") { absolute_path(recipe) } else { recipe.to_owned() }
}

fn absolute_path(path: &str) -> String {
    std::path::absolute(path).map(|path| path.to_string_lossy().into_owned()).unwrap_or_else(|_| path.to_owned())
}

/// The scope that pairs of fields and values give; a row is in it if each of the fields has one of its values.
fn scope(pairs: &[(String, String)]) -> BTreeMap<String, ScopeValues> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (field, value) in pairs {
        values.entry(field.clone()).or_default().push(value.clone());
    }
    values.into_iter().map(|(field, values)| (field, ScopeValues::Many(values))).collect()
}
