//! Owns the arguments of the commands `publish` and `withdraw`: their names, their help, what they may be.
//! Must not know what is done with them.

use std::path::Path;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, Error, value_parser};

/// Rows of each table that `--explain` shows.
const EXPLAINED: &str = "3";

const EXIT_CODES: &str = "Exit codes: 0 published (or would be, in a trial), 1 failed, 2 wrong arguments, 3 refused with all faults listed,\n4 nothing to publish: all of it is there already, 5 another publication is under way (with --no-wait).";

/// The arguments that say what a file is, which a manifest says of the files in a folder.
const OF_A_FILE: [&str; 12] =
    ["dataset", "recipe", "companion", "mode", "scope", "total", "constant", "rows", "format", "encoding", "delimiter", "quote"];

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// An argument of a field and what is said of it, which may be repeated.
fn of_field(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    option(name, value, help).action(ArgAction::Append).value_parser(pair)
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(field, _)| !field.is_empty());
    pair.map(|(field, value)| (field.to_owned(), value.to_owned())).ok_or_else(|| "it is not of the form FIELD=VALUE".to_owned())
}

fn character(text: &str) -> Result<char, String> {
    match (text, text.parse()) {
        ("tab", _) => Ok('\t'),
        (_, Ok(one)) => Ok(one),
        _ => Err("it is not one character, nor `tab`".to_owned()),
    }
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

fn publish() -> Command {
    let modes = "`merge`: rows are added or changed; `replace`: what the file lacks is withdrawn, within --scope";
    let explain = "shows what a recipe reads, cell by cell, of so many rows of each table; publishes nothing";
    let command = Command::new("reperes publish")
        .about("Publishes a file, or a folder with a manifest.toml, as one release, or nothing.")
        .arg(Arg::new("path").value_name("PATH").required(true).help("a file, or a folder with a manifest.toml"))
        .arg(option("dataset", "NAME", "the dataset of a file whose headers are the names of fields").conflicts_with("recipe"))
        .arg(option("recipe", "RECIPE", "how the file is read: the name of a recipe, or the path of one"))
        .arg(option("companion", "FILE", "the second file that the recipe asks for"))
        .arg(option("mode", "MODE", modes).value_parser(["merge", "replace"]))
        .arg(of_field("scope", "FIELD=VALUE", "what a replacing file stands for; may be repeated"))
        .arg(of_field("total", "FIELD=NUMBER", "the sum that a column must have; may be repeated"))
        .arg(of_field("constant", "FIELD=VALUE", "the value of a field that the file leaves out; may be repeated"))
        .arg(option("rows", "NUMBER", "how many rows the file must give").value_parser(value_parser!(u64)))
        .arg(option("format", "FORMAT", "csv, xlsx, ods, ndjson, json, geojson, parquet or sdmx-csv; found out when not given"))
        .arg(option("encoding", "NAME", "utf-8, windows-1252, utf-16le …; found out when not given"))
        .arg(
            option("delimiter", "CHARACTER", "what stands between cells, or `tab`; found out when not given")
                .value_parser(character),
        )
        .arg(option("quote", "CHARACTER", "what stands around cells [\"]").value_parser(character))
        .arg(
            option("warn-above", "SHARE", "warn of figures that change by more: 0.5 is half [0.5]")
                .value_parser(value_parser!(f64)),
        )
        .arg(
            option("explain", "ROWS", explain)
                .num_args(0..=1)
                .default_missing_value(EXPLAINED)
                .value_parser(value_parser!(usize)),
        );
    common(command)
}

fn withdraw() -> Command {
    let command = Command::new("reperes withdraw")
        .about("Withdraws rows by their codes: their addresses answer 410, with the reason.")
        .arg(Arg::new("dataset").value_name("DATASET").required(true).help("the dataset"))
        .arg(Arg::new("codes").value_name("CODE").required(true).num_args(1..).help("the codes of the rows"))
        .arg(option("reason", "TEXT", "why, in French; readers are told").required(true))
        .arg(option("successor", "CODE", "the code of what stands in their place"));
    common(command)
}

/// Reads the arguments of `publish`, each of which must have an effect.
///
/// # Errors
/// What is wrong with them; or the help that was asked for.
pub fn of_publish(arguments: &[String]) -> Result<ArgMatches, Error> {
    let mut command = publish();
    let matches = command.try_get_matches_from_mut(arguments)?;
    let folder = matches.get_one::<String>("path").is_some_and(|path| Path::new(path).is_dir());
    if let Some(name) = OF_A_FILE.into_iter().find(|name| folder && matches.contains_id(name)) {
        let why = format!("`--{name}` is for a file that comes alone; of a folder its manifest.toml says it\n");
        return Err(command.error(ErrorKind::ArgumentConflict, why));
    }
    for name in ["total", "constant"] {
        let fields: Vec<String> = pairs(&matches, name).map(|(field, _)| field).collect();
        if let Some(twice) = fields.iter().enumerate().find_map(|(at, field)| fields[..at].contains(field).then_some(field)) {
            return Err(command.error(ErrorKind::ArgumentConflict, format!("`--{name}` says `{twice}` twice\n")));
        }
    }
    Ok(matches)
}

/// Reads the arguments of `withdraw`.
///
/// # Errors
/// What is wrong with them; or the help that was asked for.
pub fn of_withdraw(arguments: &[String]) -> Result<ArgMatches, Error> {
    withdraw().try_get_matches_from(arguments)
}

/// The pairs of a repeated argument.
pub fn pairs(matches: &ArgMatches, name: &str) -> impl Iterator<Item = (String, String)> {
    matches.get_many::<(String, String)>(name).into_iter().flatten().cloned()
}
