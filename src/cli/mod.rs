//! Owns the command line: what the program does when it is started.
//! Must not know how any of it is done.

mod backup;
mod backup_file;
mod database;
mod keys;
mod logging;
mod publish;
mod restore;
mod verify;

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use crate::app::{Disk, Shared};
use crate::cli::database::Databases;
use crate::config::{Config, VARIABLES};
use crate::datasets::REGISTRY;
use crate::http::openapi::document;
use crate::publish::Settings;
use crate::query::suggest::closest;
use crate::server::{Leave, Server, Socket};

const COMMANDS: [(&str, &str); 9] = [
    ("serve", "sets the database up if need be, and serves (the default)"),
    ("migrate", "sets the database up if need be, bundled data included, and ends"),
    ("publish", "publishes a file or a folder as one release, or nothing; see `publish --help`"),
    ("withdraw", "withdraws rows by their codes, with a reason; see `withdraw --help`"),
    ("keys", "makes, lists or revokes the keys with which others may publish"),
    ("verify", "checks what is stored, and prints a digest of each release; see `verify --help`"),
    ("backup", "writes the whole database into a file, beside a running server"),
    ("restore", "fills an empty database from such a file, and checks what came of it"),
    ("openapi", "prints the OpenAPI document"),
];

/// What the shell is told of wrong arguments.
const ARGUMENTS: u8 = 2;

/// Runs the program.
pub fn run(arguments: &[String]) -> ExitCode {
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["serve"] => serve(),
        ["migrate"] => migrate(),
        ["publish", ..] => return publish::publish(arguments),
        ["withdraw", ..] => return publish::withdraw(arguments),
        ["keys", ..] => return keys(arguments),
        ["backup", file] if !file.starts_with('-') => configure().and_then(|config| backup::backup(&config, Path::new(file))),
        ["restore", file] if !file.starts_with('-') => configure().and_then(|config| restore::restore(&config, Path::new(file))),
        ["backup" | "restore", ..] => {
            eprintln!("usage: reperes backup FILE\n       reperes restore FILE");
            return ExitCode::from(ARGUMENTS);
        }
        ["verify", ..] => return verify::run(arguments),
        ["openapi"] => print(&document::text(REGISTRY)),
        ["help" | "--help" | "-h"] => print(&help()),
        ["--version" | "-V"] => print(concat!("reperes ", env!("CARGO_PKG_VERSION"), "\n")),
        [first, ..] => {
            let near = closest(first, COMMANDS.iter().map(|(name, _)| *name));
            let meant = near.first().map_or(String::new(), |name| format!("; did you mean `{name}`?"));
            eprintln!("reperes: `{first}` is not a command that stands alone{meant}\n\n{}", help());
            return ExitCode::from(ARGUMENTS);
        }
    };
    told(outcome)
}

fn told(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("reperes: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what is to be said of the arguments: what is wrong with them, or the help that they ask for.
fn usage(error: &clap::Error) -> ExitCode {
    _ = error.print();
    if error.use_stderr() { ExitCode::from(ARGUMENTS) } else { ExitCode::SUCCESS }
}

/// What the operator is told of a failure.
fn text(error: impl ToString) -> String {
    error.to_string()
}

/// Prints a text; a reader that has seen enough is no failure.
fn print(text: &str) -> Result<(), String> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

fn help() -> String {
    let commands: String = COMMANDS.iter().map(|(name, what)| format!("  {name:<10} {what}\n")).collect();
    let variables: String = VARIABLES
        .iter()
        .map(|v| match v.default {
            "" => format!("  {:<30} {}\n", v.name, v.help),
            default => format!("  {:<30} {} [{default}]\n", v.name, v.help),
        })
        .collect();
    format!(
        "Repères: open data of the strategy against poverty in Hauts-de-France.\n\nUsage: reperes [command]\n\nCommands:\n{commands}\nEnvironment (also read from a file .env):\n{variables}"
    )
}

fn serve() -> Result<(), String> {
    let config = configure()?;
    let started = Instant::now();
    let taken = |error| format!("cannot serve on {}: {error}", config.address);
    // Until requests are answered clients had better be refused than kept waiting, unless they are let in anyway.
    let held = Some(Socket::obtain(config.address).map_err(taken)?).filter(Socket::is_held);
    let databases = Databases::start(&config)?;
    match config.migrate {
        true => databases.set_up(&config)?,
        false => databases.await_set_up(config.startup_wait)?,
    }
    let (uploads, recipes) = (config.uploads.clone(), config.recipes.clone());
    let disk = Disk { files: config.files.clone(), publishing: Settings { uploads, recipes, limit: config.publish_limit } };
    let (primary, replicas) = (databases.service.clone(), config.replicas.clone());
    let shared = Shared::new(primary, replicas, config.limits, disk, config.cache).within(config.bounds.clone());
    let shared = Shared { public_url: config.public_url.clone(), ..shared };
    shared.build_files();
    let socket = held.map_or_else(|| Socket::obtain(config.address), Ok).map_err(taken)?;
    let leave = Leave { grace: config.shutdown_grace, wait: config.shutdown_wait };
    let server = Server::new(socket, shared, config.workers, leave).watched_on(config.admin);
    let address = server.address().map_err(|error| error.to_string())?;
    let system = actix_web::rt::System::new();
    let ready = || log::info!("ready in {:.1} s: http://{address}/ and http://{address}/docs/", started.elapsed().as_secs_f64());
    let outcome = system.block_on(async { server.run(ready).await });
    databases.service.outage().dismiss();
    drop(databases);
    log::info!("stopped");
    outcome.map_err(|error| error.to_string())
}

fn migrate() -> Result<(), String> {
    let config = configure()?;
    Databases::start(&config)?.set_up(&config)
}

fn keys(arguments: &[String]) -> ExitCode {
    match keys::command().try_get_matches_from(arguments) {
        Ok(matches) => told(configure().and_then(|config| print(&keys::run(&matches, &config)?))),
        Err(error) => usage(&error),
    }
}

/// Reads the environment and starts the log.
fn configure() -> Result<Config, String> {
    let from_file = match dotenvy::dotenv() {
        Ok(path) => Ok(Some(path)),
        Err(error) if error.not_found() => Ok(None),
        Err(error) => Err(format!("the file .env cannot be read: {error}")),
    };
    let variable = |name| std::env::var(name).unwrap_or_default();
    logging::start(&variable("RUST_LOG"), &variable("LOG_FORMAT"));
    if let Some(path) = from_file? {
        log::info!("settings are also read from {}", path.display());
    }
    let mut variables = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        match value.into_string() {
            Ok(value) => variables.push((name.to_owned(), value)),
            Err(_) if VARIABLES.iter().any(|known| known.name == name) => return Err(format!("{name} is not UTF-8")),
            Err(_) => {}
        }
    }
    Config::read(variables.into_iter()).map_err(|faults| faults.to_string())
}
