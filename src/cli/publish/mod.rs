//! Owns the commands `publish` and `withdraw`: their arguments, their reports, their exit codes.
//! Must not know how anything is published.

mod args;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgMatches;

use super::database::{self, Databases};
use super::{configure, print, usage};
use crate::access::Rights;
use crate::config::Config;
use crate::datasets::REGISTRY;
use crate::db::write::audit::By;
use crate::publish::{self, Dialect, File, Job, Manifest, Mode, Outcome, Progress, PublishError, Report, Values, Withdrawal};
use args::{of_publish, of_withdraw, pairs};

/// What the shell is told; 2 stands for wrong arguments, of any command.
#[derive(Clone, Copy)]
enum Exit {
    Done = 0,
    Failed = 1,
    Refused = 3,
    Unchanged = 4,
    Busy = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Runs `publish`.
pub fn publish(arguments: &[String]) -> ExitCode {
    run(of_publish(arguments), publication)
}

/// Runs `withdraw`.
pub fn withdraw(arguments: &[String]) -> ExitCode {
    run(of_withdraw(arguments), |matches, config| Ok(withdrawal(matches, config)))
}

fn run(given: Result<ArgMatches, clap::Error>, job: impl FnOnce(&ArgMatches, &Config) -> Result<Job, PublishError>) -> ExitCode {
    let matches = match given {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    let outcome = configure().map_err(PublishError::Unreadable).and_then(|config| {
        let job = job(&matches, &config)?;
        execute(&config, &job)
    });
    tell(&outcome, matches.get_flag("json"))
}

/// Publishes in a database that is set up first, if need be.
fn execute(config: &Config, job: &Job) -> Result<Report, PublishError> {
    let failed = PublishError::Unreadable;
    let databases = Databases::join(config).map_err(failed)?;
    databases.set_up(config).map_err(failed)?;
    database::runtime().map_err(failed)?.block_on(async {
        let mut writer = databases.service.writer().await?;
        publish::publish(&mut writer, REGISTRY, job, &Progress::start(&job.manifest.title)).await
    })
}

/// Prints what came of it.
fn tell(outcome: &Result<Report, PublishError>, json: bool) -> ExitCode {
    let text = match outcome {
        Ok(report) if json => pretty(report),
        Ok(report) => report.to_string(),
        Err(PublishError::Refused { faults, count }) if json => {
            pretty(&serde_json::json!({"outcome": "refused", "faults": faults, "fault_count": count}))
        }
        Err(error) => {
            eprintln!("reperes: {error}");
            String::new()
        }
    };
    if let Err(why) = print(&text) {
        eprintln!("reperes: {why}");
    }
    match outcome {
        Ok(report) if report.outcome == Outcome::Unchanged => Exit::Unchanged.into(),
        Ok(_) => Exit::Done.into(),
        Err(PublishError::Refused { .. }) => Exit::Refused.into(),
        Err(PublishError::Busy) => Exit::Busy.into(),
        Err(_) => Exit::Failed.into(),
    }
}

fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

fn text(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}

fn job(matches: &ArgMatches, config: &Config, manifest: Manifest, folder: PathBuf, explain: usize) -> Job {
    Job {
        manifest,
        folder,
        recipes: config.recipes.clone(),
        bundle: None,
        trial: matches.get_flag("dry-run") || explain > 0,
        explain,
        wait: !matches.get_flag("no-wait"),
        received: None,
        rights: Rights::all(),
        by: By::command_line(),
    }
}

/// What `publish` is asked for.
fn publication(matches: &ArgMatches, config: &Config) -> Result<Job, PublishError> {
    let wrong = PublishError::Unreadable;
    let path = PathBuf::from(text(matches, "path").unwrap_or_default());
    let about = std::fs::metadata(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => wrong(format!("there is no file or folder {}", path.display())),
        _ => wrong(format!("{} cannot be read: {error}", path.display())),
    })?;
    let explain = matches.get_one("explain").copied().unwrap_or(0);
    let (mut manifest, folder) = if about.is_dir() {
        (Manifest::read(&path)?, path)
    } else {
        let (folder, name) = split(&path);
        let file = File {
            path: name,
            dataset: text(matches, "dataset"),
            recipe: text(matches, "recipe").map(|named| absolute(&named)),
            companion: text(matches, "companion").map(|named| absolute_path(&named)),
            rows: matches.get_one("rows").copied(),
            dialect: Dialect {
                format: text(matches, "format"),
                encoding: text(matches, "encoding"),
                delimiter: matches.get_one("delimiter").copied(),
                quote: matches.get_one("quote").copied(),
            },
            constants: pairs(matches, "constant").collect(),
            totals: pairs(matches, "total").collect(),
            mode: if text(matches, "mode").as_deref() == Some("replace") { Mode::Replace } else { Mode::Merge },
            scope: scope(pairs(matches, "scope")),
            ..File::default()
        };
        (publish::manifest_of(file, &folder, &config.recipes)?, folder)
    };
    manifest.warn_above = matches.get_one("warn-above").copied().unwrap_or(manifest.warn_above);
    say(matches, &mut manifest);
    Ok(job(matches, config, manifest, folder, explain))
}

/// What `withdraw` is asked for.
fn withdrawal(matches: &ArgMatches, config: &Config) -> Job {
    let withdrawal = Withdrawal {
        dataset: text(matches, "dataset").unwrap_or_default(),
        codes: matches.get_many::<String>("codes").into_iter().flatten().cloned().collect(),
        reason: text(matches, "reason").unwrap_or_default(),
        successor: text(matches, "successor"),
    };
    let mut manifest = Manifest::withdrawing(withdrawal);
    say(matches, &mut manifest);
    job(matches, config, manifest, PathBuf::from("."), 0)
}

/// Puts what the command line says of the release in its place.
fn say(matches: &ArgMatches, manifest: &mut Manifest) {
    for (name, place) in
        [("title", &mut manifest.title), ("publisher", &mut manifest.publisher), ("licence", &mut manifest.licence)]
    {
        if let Some(text) = text(matches, name) {
            *place = text;
        }
    }
    if let Some(notes) = text(matches, "notes") {
        manifest.notes = Some(notes);
    }
}

/// The folder of a file, and its name.
fn split(path: &Path) -> (PathBuf, String) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    (folder.to_owned(), path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default())
}

/// A recipe's path as seen from anywhere; its name is no path.
fn absolute(named: &str) -> String {
    if named.ends_with(".toml") { absolute_path(named) } else { named.to_owned() }
}

fn absolute_path(named: &str) -> String {
    std::path::absolute(named).map(|path| path.to_string_lossy().into_owned()).unwrap_or_else(|_| named.to_owned())
}

/// The scope that pairs give: several values of one field are any of these.
fn scope(pairs: impl Iterator<Item = (String, String)>) -> BTreeMap<String, Values> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (field, value) in pairs {
        values.entry(field).or_default().push(value);
    }
    values.into_iter().map(|(field, values)| (field, Values::Many(values))).collect()
}
