//! Owns the command line: the commands, and which function runs each.
//! Must not know how any of it is done.

mod backup;
mod backup_file;
mod bundled;
mod database;
mod environment;
mod exit_status;
mod keys;
mod logging;
mod output;
mod publish;
mod restore;
mod serve;
mod start;
mod verify;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind as UsageError;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use rustix::fs::Mode;
use rustix::process::umask;

use crate::datasets::REGISTRY;
use crate::http::openapi::document;
use crate::publish::read_files;
use database::DatabaseRoles;
use environment::configure;
use exit_status::ExitStatus;
use keys::KeysCommand;
use output::print;
use publish::{PublishArgs, WithdrawArgs};
use start::Start;
use verify::VerifyArgs;

/// Repères: open data of the strategy against poverty in Hauts-de-France
#[derive(Parser)]
#[command(name = "reperes", version, after_help = format!("{}\n{}", environment::help(), ExitStatus::help()))]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Set up the database if needed, and serve the API (the default)
    Serve,
    /// Set up the database, publish the bundled data into it if it is empty, and exit
    Migrate,
    /// Publish a file, or a folder with a manifest.toml, as one release
    Publish(Box<PublishArgs>),
    /// Withdraw rows by their codes; their addresses answer 410 from then on
    Withdraw(WithdrawArgs),
    /// Create, list or revoke the keys for publishing over HTTP
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Check the stored data, and print a digest of each release
    Verify(VerifyArgs),
    /// Write the whole database to a file, while servers may be running
    Backup {
        /// The file to write; an existing file is replaced
        file: PathBuf,
    },
    /// Fill an empty database from a backup, and check the result
    Restore {
        /// The file that `reperes backup` wrote
        file: PathBuf,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Read files for a publication, which starts this command itself
    #[command(hide = true)]
    ReadFiles,
}

/// The rights that no file or folder of the program gives: those of the group and of others. Uploads may be under embargo, and
/// files in the data directory have what the database has.
const UMASK: Mode = Mode::RWXG.union(Mode::RWXO);

/// Runs the program with its arguments, of which the first is its name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    umask(UMASK);
    let command = match parse(arguments) {
        Ok(cli) => cli.command.unwrap_or(Command::Serve),
        Err(error) => {
            _ = error.print();
            return if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Success }.into();
        }
    };
    let outcome = match command {
        Command::Serve => serve::serve().map(success),
        Command::Migrate => migrate().map(success),
        Command::Publish(args) => publish::publish(&args),
        Command::Withdraw(args) => publish::withdraw(&args),
        Command::Keys(command) => keys::run(&command).and_then(|text| print(&text)).map(success),
        Command::Verify(args) => verify::run(&args),
        Command::Backup { file } => configure().and_then(|config| backup::backup(&config, &file)).map(success),
        Command::Restore { file } => configure().and_then(|config| restore::restore(&config, &file)).map(success),
        Command::ReadFiles => read_files(REGISTRY, bundled::program_recipes()).map_err(output::text).map(success),
        Command::Openapi => print(&document::text(REGISTRY)).map(success),
    };
    let status = outcome.unwrap_or_else(|message| {
        eprintln!("error: {message}");
        ExitStatus::Failure
    });
    status.into()
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(arguments)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    if let (Some(Command::Publish(args)), Some((name, matches))) = (&cli.command, matches.subcommand()) {
        let publish = command.find_subcommand_mut(name);
        args.check(matches).map_err(|why| match publish {
            Some(publish) => publish.error(UsageError::ArgumentConflict, why),
            None => clap::Error::raw(UsageError::ArgumentConflict, why),
        })?;
    }
    Ok(cli)
}

fn success(_: ()) -> ExitStatus {
    ExitStatus::Success
}

fn migrate() -> Result<(), String> {
    let config = configure()?;
    let start = Start::of_command();
    DatabaseRoles::for_server(&config, &start)?.set_up(&config, &start)
}
