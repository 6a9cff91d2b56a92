//! Owns the command line: what the program does when it is started.
//! Must not know how any of it is done.

mod publish;

use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::runtime;

use crate::app::{EXPORT_CONNECTIONS, Shared};
use crate::config::{Config, VARIABLES};
use crate::datasets::REGISTRY;
use crate::db::DbError;
use crate::db::connect::Database;
use crate::db::migrate::{self, SetupLock};
use crate::http::openapi;
use crate::postgres::{Cluster, Durability, Server as Postgres};
use crate::publish as publishing;
use crate::query::closest::closest;
use crate::server::Server;

/// Pause between attempts to reach the database at start.
const RETRY: Duration = Duration::from_millis(500);

const COMMANDS: [(&str, &str); 5] = [
    ("serve", "sets the database up if need be, and serves (the default)"),
    ("migrate", "sets the database up if need be, bundled data included, and ends"),
    ("publish", "publishes a file or a folder as one release, or nothing; see `publish --help`"),
    ("withdraw", "withdraws rows by their codes, with a reason; see `withdraw --help`"),
    ("openapi", "prints the OpenAPI document"),
];

/// Runs the program.
pub fn run(arguments: &[String]) -> ExitCode {
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["serve"] => serve(),
        ["migrate"] => migrate(),
        ["publish", ..] => return publish::publish(arguments),
        ["withdraw", ..] => return publish::withdraw(arguments),
        ["openapi"] => print(&openapi::text(REGISTRY)),
        ["help" | "--help" | "-h"] => print(&help()),
        ["--version" | "-V"] => print(concat!("reperes ", env!("CARGO_PKG_VERSION"), "\n")),
        [first, ..] => {
            let near = closest(first, COMMANDS.iter().map(|(name, _)| *name));
            let meant = near.first().map_or(String::new(), |name| format!("; did you mean `{name}`?"));
            eprintln!("reperes: `{first}` is not a command that stands alone{meant}\n\n{}", help());
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("reperes: {why}");
            ExitCode::FAILURE
        }
    }
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
    drop(TcpListener::bind(config.address).map_err(taken)?);
    let (database, postgres) = database(&config)?;
    set_up(&config, &database)?;
    let shared = Shared { public_url: config.public_url.clone(), ..Shared::new(database, config.limits, config.files.clone()) };
    shared.build_files();
    let server = Server::bind(config.address, shared, config.workers, config.shutdown_wait).map_err(taken)?;
    let address = server.address().map_err(|error| error.to_string())?;
    let system = actix_web::rt::System::new();
    let ready = || log::info!("ready in {:.1} s: http://{address}/ and http://{address}/docs/", started.elapsed().as_secs_f64());
    let outcome = system.block_on(async { server.run(ready).await });
    drop(postgres);
    log::info!("stopped");
    outcome.map_err(|error| error.to_string())
}

fn migrate() -> Result<(), String> {
    let config = configure()?;
    let (database, _postgres) = database(&config)?;
    set_up(&config, &database)
}

/// Reads the environment and starts the log.
fn configure() -> Result<Config, String> {
    let from_file = match dotenvy::dotenv() {
        Ok(path) => Ok(Some(path)),
        Err(error) if error.not_found() => Ok(None),
        Err(error) => Err(format!("the file .env cannot be read: {error}")),
    };
    let log = std::env::var("RUST_LOG").unwrap_or_default();
    let log = if log.is_empty() { "info" } else { &log };
    env_logger::Builder::new().parse_filters(log).format(line).init();
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

/// One line of the log; the time is made with the calendar that the program has anyway.
fn line(out: &mut env_logger::fmt::Formatter, record: &log::Record<'_>) -> std::io::Result<()> {
    let time = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let text = record.args().to_string().replace('\r', "\\r").replace('\n', "\n  ");
    writeln!(out, "{time} {:<5} {} {text}", record.level(), record.target())
}

/// The database to use, and our own Postgres if it is that one.
fn database(config: &Config) -> Result<(Database, Option<Postgres>), String> {
    if let Some(database) = &config.database {
        return Ok((database.clone(), None));
    }
    let cluster = Cluster::open(&config.data_dir, config.data_dir_moved, config.bin_dir.as_deref(), Durability::Durable)?;
    let workers = config.workers.or_else(|| std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
    let postgres = Postgres::start(cluster, workers * config.limits.connections + EXPORT_CONNECTIONS)?;
    Ok((Database::parse(postgres.url())?, Some(postgres)))
}

/// Migrates and fills the database, one server at a time. Diesel's migrations need a multi-thread runtime.
fn set_up(config: &Config, database: &Database) -> Result<(), String> {
    let runtime =
        runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(|error| error.to_string())?;
    let set_up = async {
        let lock = wait_for(database, config.startup_wait).await?;
        for name in migrate::run(database, &lock).await.map_err(|error| error.to_string())? {
            log::info!("migrated: {name}");
        }
        let mut writer = database.writer().await.map_err(|error| error.to_string())?;
        publishing::publish_missing(&mut writer, REGISTRY, &config.bundles, &config.recipes)
            .await
            .map_err(|error| error.to_string())?;
        lock.release().await.map_err(|error| error.to_string())
    };
    runtime.block_on(set_up)
}

/// Takes the lock, waiting for a database that is not there yet; one that refuses us is not waited for.
async fn wait_for(database: &Database, patience: Duration) -> Result<SetupLock, String> {
    let deadline = Instant::now() + patience;
    loop {
        match SetupLock::acquire(database).await {
            Ok(lock) => return Ok(lock),
            Err(DbError::Unavailable(why)) if Instant::now() < deadline => {
                log::warn!("waiting for the database: {why}");
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}
