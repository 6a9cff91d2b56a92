//! Owns the configuration: the settings, read once from the environment, with all errors reported together.
//! Must not know what the settings are used for.

mod reader;
mod variables;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::db::connection::config::Database;
use crate::db::connection::pool::Limits;
use crate::http::Bounds;
use crate::publish::ReaderSettings;

use reader::VariableReader;
pub use variables::{VARIABLES, Variable};

/// The configuration.
#[derive(Clone)]
pub struct Config {
    /// The database; without one the program runs a private Postgres.
    pub database: Option<Database>,
    /// The same database for the owner of the tables, if that is another role.
    pub owner: Option<Database>,
    /// Replicas of the database, which answer reads.
    pub replicas: Vec<Database>,
    /// The address that the API listens on.
    pub address: SocketAddr,
    /// The address that metrics and health checks listen on.
    pub admin: Option<SocketAddr>,
    /// Directory of the private Postgres.
    pub data_dir: PathBuf,
    /// Whether that directory was configured.
    pub data_dir_configured: bool,
    /// Directory of the files of releases.
    pub files: PathBuf,
    /// Maximum size of that directory, in bytes.
    pub files_bytes: u64,
    /// Directory of uploaded files, while they are published.
    pub uploads: PathBuf,
    /// Maximum size of one publication over HTTP, in bytes.
    pub publish_limit: u64,
    /// How the files of publications are read.
    pub reader: ReaderSettings,
    /// Maximum size of the response cache, in bytes.
    pub cache: u64,
    /// Directory of the bundled data, if not that in the program.
    pub bundles: Option<PathBuf>,
    /// Directory of the recipes that are called by name, if not those in the program.
    pub recipes: Option<PathBuf>,
    /// Public base URL of the service, without a slash at its end.
    pub public_url: Option<String>,
    /// Number of worker threads; as many as processors when `None`.
    pub workers: Option<usize>,
    /// Limits on the use of the database.
    pub limits: Limits,
    /// Limits on clients.
    pub bounds: Bounds,
    /// Whether a server migrates the database at its start.
    pub migrate: bool,
    /// How long a command waits for the database at its start.
    pub startup_wait: Duration,
    /// How long a server still accepts requests after SIGTERM.
    pub shutdown_grace: Duration,
    /// How long requests in flight may take after that, in seconds.
    pub shutdown_wait: u64,
    /// Directory of Postgres's server programs.
    pub bin_dir: Option<PathBuf>,
}

/// All errors of the configuration.
#[derive(Debug)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} error(s):", self.0.len())?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl Config {
    /// Reads the configuration from variables.
    ///
    /// # Errors
    /// Returns all errors of all variables at once.
    pub fn read(variables: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut reader = VariableReader::new(variables);
        let millis = |number: u64| Duration::from_millis(number);
        let database = reader.database("DATABASE_URL");
        let owner = reader.database("DATABASE_OWNER_URL");
        match &database {
            None if owner.is_some() => reader.errors.push("DATABASE_OWNER_URL is set without DATABASE_URL".to_owned()),
            Some(service) if owner.is_some() && service.role().is_none() => {
                reader
                    .errors
                    .push("DATABASE_URL names no role, which the owner in DATABASE_OWNER_URL must grant rights to".to_owned());
            }
            _ => {}
        }
        let replicas = reader.replicas();
        let address = reader.address("REPERES_ADDRESS").unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let admin = reader.address("REPERES_ADMIN_ADDRESS");
        reader.log_format();
        let public_url = reader.public_url();
        let workers = reader.is_set("REPERES_WORKERS").then(|| reader.number("REPERES_WORKERS", 1, 256));
        let (heavy, heavy_each) = reader.heavy_reads();
        let config = Self {
            database,
            owner,
            replicas,
            address,
            admin,
            data_dir: PathBuf::from(reader.text("REPERES_DATA_DIR")),
            data_dir_configured: reader.is_set("REPERES_DATA_DIR"),
            files: reader.directory("REPERES_FILES_DIR", "files"),
            files_bytes: reader.number("REPERES_FILES_MB", 1, 1 << 20) * 1_000_000,
            uploads: reader.directory("REPERES_UPLOADS_DIR", "uploads"),
            publish_limit: reader.number("REPERES_PUBLISH_LIMIT_MB", 1, 1 << 20) * 1_000_000,
            reader: ReaderSettings::new(reader.reader_limits()),
            cache: reader.number("REPERES_CACHE_MB", 0, 1 << 20) * 1_000_000,
            bundles: reader.path("REPERES_BUNDLES"),
            recipes: reader.path("REPERES_RECIPES"),
            public_url,
            workers: workers.and_then(|n| usize::try_from(n).ok()),
            limits: Limits {
                connections: usize::try_from(reader.number("REPERES_DATABASE_CONNECTIONS", 1, 64)).unwrap_or(1),
                wait: millis(reader.number("REPERES_DATABASE_WAIT_MS", 10, 600_000)),
                statement: millis(reader.number("REPERES_STATEMENT_TIMEOUT_MS", 10, 600_000)),
                in_flight: usize::try_from(reader.number("REPERES_MAX_IN_FLIGHT", 1, 65_536)).unwrap_or(1),
                heavy,
                heavy_each,
            },
            bounds: reader.bounds(),
            migrate: reader.boolean("REPERES_MIGRATE"),
            startup_wait: Duration::from_secs(reader.number("REPERES_STARTUP_WAIT_S", 0, 3600)),
            shutdown_grace: Duration::from_secs(reader.number("REPERES_SHUTDOWN_GRACE_S", 0, 3600)),
            shutdown_wait: reader.number("REPERES_SHUTDOWN_WAIT_S", 0, 3600),
            bin_dir: reader.path("POSTGRES_BIN_DIR"),
        };
        if reader.errors.is_empty() { Ok(config) } else { Err(ConfigError(reader.errors)) }
    }
}
