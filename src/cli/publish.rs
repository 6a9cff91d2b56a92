//! Owns the commands `publish` and `withdraw`: their arguments, their reports, their exit codes.
//! Must not know how anything is published.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::database::{self, Databases};
use super::{configure, print};
use crate::access::Rights;
use crate::config::Config;
use crate::datasets::REGISTRY;
use crate::db::audit::By;
use crate::publish::{self, Dialect, File, Job, Manifest, Mode, Outcome, Progress, PublishError, Report, Values, Withdrawal};

/// Rows of each table that `--explain` shows.
const EXPLAINED: &str = "3";

const EXIT_CODES: &str = "Exit codes: 0 published (or would be, in a trial), 1 failed, 2 wrong arguments, 3 refused with all faults listed,\n4 nothing to publish: all of it is there already, 5 another publication is under way (with --no-wait).";

/// What the shell is told.
#[derive(Clone, Copy)]
enum Exit {
    Done = 0,
    Failed = 1,
    Arguments = 2,
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
    run(publish_command(), arguments, publication)
}

/// Runs `withdraw`.
pub fn withdraw(arguments: &[String]) -> ExitCode {
    run(withdraw_command(), arguments, |matches, config| Ok(withdrawal(matches, config)))
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// The arguments that both commands have.
fn common(command: Command) -> Command {
    command
        .after_help(EXIT_CODES)
        .arg(option("title", "TEXT", "title of the release, in French"))
        .arg(option("notes", "TEXT", "what the reader must know, in French"))
        .arg(option("publisher", "NAME", "who publishes"))
        .arg(option("licence", "NAME", "licence of the data"))
        .arg(flag("dry-run", "does everything but the release, and reports the difference"))
        .arg(flag("json", "prints the report as JSON"))
        .arg(flag("no-wait", "gives up when another publication is under way"))
}

fn publish_command() -> Command {
    let command = Command::new("reperes publish")
        .about("Publishes a file, or a folder with a manifest.toml, as one release, or nothing.")
        .arg(Arg::new("path").value_name("PATH").required(true).help("a file, or a folder with a manifest.toml"))
        .arg(option("dataset", "NAME", "the dataset of a file whose headers are the names of fields").conflicts_with("recipe"))
        .arg(option("recipe", "RECIPE", "how the file is read: the name of a recipe, or the path of one"))
        .arg(option("companion", "FILE", "the second file that the recipe asks for"))
        .arg(
            option(
                "mode",
                "MODE",
                "`merge`: rows are added or changed; `replace`: what the file lacks is withdrawn, within --scope",
            )
            .value_parser(["merge", "replace"]),
        )
        .arg(option("scope", "FIELD=VALUE", "what a replacing file stands for; may be repeated").action(ArgAction::Append))
        .arg(option("total", "FIELD=NUMBER", "the sum that a column must have; may be repeated").action(ArgAction::Append))
        .arg(
            option("constant", "FIELD=VALUE", "the value of a field that the file leaves out; may be repeated")
                .action(ArgAction::Append),
        )
        .arg(option("rows", "NUMBER", "how many rows the file must give"))
        .arg(option("format", "FORMAT", "csv, xlsx, ods, ndjson or json; found out when not given"))
        .arg(option("encoding", "NAME", "utf-8, windows-1252, utf-16le …; found out when not given"))
        .arg(option("delimiter", "CHARACTER", "what stands between cells; found out when not given"))
        .arg(option("warn-above", "SHARE", "warn of figures that change by more: 0.5 is half [0.5]"))
        .arg(
            option(
                "explain",
                "ROWS",
                "shows what a recipe reads, cell by cell, of so many rows of each table; publishes nothing",
            )
            .num_args(0..=1)
            .default_missing_value(EXPLAINED),
        );
    common(command)
}

fn withdraw_command() -> Command {
    let command = Command::new("reperes withdraw")
        .about("Withdraws rows by their codes: their addresses answer 410, with the reason.")
        .arg(Arg::new("dataset").value_name("DATASET").required(true).help("the dataset"))
        .arg(Arg::new("codes").value_name("CODE").required(true).num_args(1..).help("the codes of the rows"))
        .arg(option("reason", "TEXT", "why, in French; readers are told").required(true))
        .arg(option("successor", "CODE", "the code of what stands in their place"));
    common(command)
}

fn run(command: Command, arguments: &[String], job: impl FnOnce(&ArgMatches, &Config) -> Result<Job, PublishError>) -> ExitCode {
    let matches = match command.try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let failed = error.use_stderr();
            _ = error.print();
            return if failed { Exit::Arguments.into() } else { Exit::Done.into() };
        }
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
    let number = |name: &str| {
        let read = |text: String| text.parse().map_err(|_| wrong(format!("--{name} is `{text}`, which is not a whole number")));
        text(matches, name).map(read).transpose()
    };
    let explain = number("explain")?.and_then(|rows| usize::try_from(rows).ok()).unwrap_or(0);
    let (mut manifest, folder) = if about.is_dir() {
        (Manifest::read(&path)?, path)
    } else {
        let (folder, name) = split(&path);
        let file = File {
            path: name,
            dataset: text(matches, "dataset"),
            recipe: text(matches, "recipe").map(|named| absolute(&named)),
            companion: text(matches, "companion").map(|named| absolute_path(&named)),
            rows: number("rows")?,
            dialect: Dialect {
                format: text(matches, "format"),
                encoding: text(matches, "encoding"),
                delimiter: text(matches, "delimiter").and_then(|text| text.chars().next()),
                quote: None,
            },
            constants: pairs(matches, "constant")?.into_iter().collect(),
            totals: pairs(matches, "total")?.into_iter().collect(),
            mode: if text(matches, "mode").as_deref() == Some("replace") { Mode::Replace } else { Mode::Merge },
            scope: scope(pairs(matches, "scope")?),
            ..File::default()
        };
        (publish::manifest_of(file, &folder, &config.recipes)?, folder)
    };
    if let Some(share) = text(matches, "warn-above") {
        manifest.warn_above = share.parse().map_err(|_| wrong(format!("--warn-above is `{share}`, which is not a number")))?;
    }
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

/// The pairs of a repeated argument.
fn pairs(matches: &ArgMatches, name: &str) -> Result<Vec<(String, String)>, PublishError> {
    let given = matches.get_many::<String>(name).into_iter().flatten();
    let pair = |text: &String| {
        let pair = text.split_once('=').map(|(field, value)| (field.to_owned(), value.to_owned()));
        pair.ok_or_else(|| PublishError::Unreadable(format!("--{name} is `{text}`, which is not of the form field=value")))
    };
    given.map(pair).collect()
}

/// The scope that pairs give: several values of one field are any of these.
fn scope(pairs: Vec<(String, String)>) -> BTreeMap<String, Values> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (field, value) in pairs {
        values.entry(field).or_default().push(value);
    }
    values.into_iter().map(|(field, values)| (field, Values::Many(values))).collect()
}
