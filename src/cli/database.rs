//! Owns the connections of a command to its database: as the owner of the tables to set it up, as the service role for all
//! else. Without a configured database it is the private Postgres, which is started if needed.
//! Must not know the commands.

use std::time::{Duration, Instant};

use tokio::runtime::{self, Runtime};

use super::bundled;
use super::output::text;
use super::start::Start;
use crate::app::EXPORT_CONNECTIONS;
use crate::config::Config;
use crate::datasets::REGISTRY;
use crate::db::DbError;
use crate::db::connection::config::{Client, Database};
use crate::db::setup::comments;
use crate::db::setup::migrations::{self, SetupLock};
use crate::db::setup::roles;
use crate::postgres::{Cluster, Durability, Server as Postgres, Urls};
use crate::publish::{self, BundleProgress, PublishError};

/// Pause between attempts to reach the database at start.
const RETRY: Duration = Duration::from_millis(500);

/// The database as seen by its two roles.
pub struct DatabaseRoles {
    /// The role that serves: it reads, and adds releases.
    pub service: Database,
    /// The owner of the tables, who migrates. It may be the same role.
    pub owner: Database,
    /// The private Postgres, if this process runs it.
    _postgres: Option<Postgres>,
}

impl DatabaseRoles {
    /// Opens the database of a server. Without a configured one it starts the private Postgres.
    ///
    /// # Errors
    /// Returns a message for the operator if the private Postgres cannot be started, such as when another server runs it.
    pub fn for_server(config: &Config, start: &Start) -> Result<Self, String> {
        if let Some(configured) = Self::configured(config) {
            return Ok(configured);
        }
        let (place, bin_dir) = ((&*config.data_dir, config.data_dir_configured), config.bin_dir.as_deref());
        match Cluster::exists(place.0, place.1)? {
            true => start.progress.enter_short("starting the database"),
            false => start.progress.enter(|| "making the database".to_owned()),
        }
        let given_up = || start.stopped.is_set();
        let cluster = Cluster::open(place, bin_dir, Durability::Durable, &given_up)?;
        let workers = config.workers.or_else(|| std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
        let connections = workers * config.limits.connections + config.limits.heavy + EXPORT_CONNECTIONS;
        let postgres = Postgres::start(cluster, connections, &given_up)?;
        Self::private(&postgres.urls().clone(), Some(postgres))
    }

    /// Opens the database of a command that works on an existing database, while a server runs or not. A private Postgres is
    /// never made: a command in the wrong directory must not leave one there.
    ///
    /// # Errors
    /// Returns a message for the operator if there is no database, or the private Postgres cannot be started.
    pub fn for_command(config: &Config) -> Result<Self, String> {
        if config.database.is_none() && !Cluster::exists(&config.data_dir, config.data_dir_configured)? {
            return Err(format!(
                "there is no database in {}: run `reperes serve` or `reperes migrate` there first, set REPERES_DATA_DIR to the directory of \
                 another one, or set DATABASE_URL",
                config.data_dir.display()
            ));
        }
        Self::existing_or_new(config)
    }

    /// Opens the database of a command that may fill a new one. The private Postgres of a running server is used; if there is
    /// none, it is started.
    ///
    /// # Errors
    /// Returns a message for the operator if the private Postgres cannot be started.
    pub fn existing_or_new(config: &Config) -> Result<Self, String> {
        if config.database.is_none()
            && let Some(urls) = Cluster::running(&config.data_dir, config.data_dir_configured)?
        {
            return Self::private(&urls, None);
        }
        Self::for_server(config, &Start::of_command())
    }

    fn configured(config: &Config) -> Option<Self> {
        let service = config.database.clone()?;
        Some(Self { owner: config.owner.clone().unwrap_or_else(|| service.clone()), service, _postgres: None })
    }

    fn private(urls: &Urls, postgres: Option<Postgres>) -> Result<Self, String> {
        Ok(Self { service: Database::parse(&urls.service)?, owner: Database::parse(&urls.owner)?, _postgres: postgres })
    }

    /// Migrates the database, grants the service role its rights, and publishes the bundled data if the database is empty.
    /// One process at a time does it; the others wait.
    ///
    /// # Errors
    /// Returns a message for the operator if the database is not available or refuses a statement.
    pub fn set_up(&self, config: &Config, start: &Start) -> Result<(), String> {
        let set_up = async {
            start.progress.enter_short("looking at the database");
            let lock = acquire_setup_lock(&self.owner, config.startup_wait, start).await?;
            match self.migrate_and_fill(&lock, config, start).await {
                Err(PublishError::Database(DbError::ReadOnly(why))) => {
                    log::warn!("the database is read-only ({why}): it is served without changes, and publishing will fail");
                }
                outcome => outcome.map_err(text)?,
            }
            lock.release().await.map_err(text)
        };
        runtime()?.block_on(start.unless_stopped(set_up))
    }

    async fn migrate_and_fill(&self, lock: &SetupLock, config: &Config, start: &Start) -> Result<(), PublishError> {
        self.migrate(lock, start).await?;
        let mut writer = self.service.writer().await?;
        let readers = (&bundled::recipes(config), &config.reader);
        let announce = |bundle: BundleProgress| start.progress.enter(move || bundle.to_string());
        publish::publish_missing(&mut writer, REGISTRY, &bundled::bundles(config), readers, &announce).await
    }

    /// Waits until another process has migrated the database.
    ///
    /// # Errors
    /// Returns a message for the operator after the timeout, or at once if the database has migrations of a newer version.
    pub fn wait_until_set_up(&self, timeout: Duration, start: &Start) -> Result<(), String> {
        let deadline = Instant::now() + timeout;
        start.progress.enter_short("looking at the database");
        let set_up = async {
            loop {
                let missing = async { migrations::missing(&self.service.writer().await?).await };
                let why = match missing.await {
                    Ok(missing) => match missing.first() {
                        None => return Ok(()),
                        Some(first) => {
                            format!(
                                "the database is not set up for this version (migration {first} is missing): run `reperes migrate`"
                            )
                        }
                    },
                    Err(DbError::Unavailable(why)) => format!("the database is not available: {why}"),
                    Err(error) => return Err(error.to_string()),
                };
                if Instant::now() >= deadline {
                    return Err(why);
                }
                log::warn!("waiting: {why}");
                start.progress.enter(|| "waiting until the database is set up".to_owned());
                tokio::time::sleep(RETRY).await;
            }
        };
        runtime()?.block_on(start.unless_stopped(set_up))
    }

    /// Migrates the database, renews its comments, creates the service role if it does not exist, and grants it its rights.
    ///
    /// # Errors
    /// Returns an error if the database is not available or refuses a statement.
    pub async fn migrate(&self, lock: &SetupLock, start: &Start) -> Result<(), DbError> {
        let migrating = || start.progress.enter(|| "migrating the database".to_owned());
        for name in migrations::run(&self.owner, lock, migrating).await? {
            log::info!("migrated: {name}");
        }
        let mut owner = self.owner.writer().await?;
        let renewed = comments::apply(&owner, REGISTRY).await?;
        log::debug!("renewed the comments of {renewed} tables and columns");
        roles::ensure_role(&owner, &self.service).await?;
        roles::apply(&mut owner, &self.service, REGISTRY).await?;
        Ok(())
    }

    /// Runs work on a connection of the service role. The database must be set up.
    ///
    /// # Errors
    /// Returns a message for the operator if the database is not available or not set up, or the error of the work.
    pub fn with_client<T>(&self, work: impl AsyncFnOnce(&mut Client) -> Result<T, String>) -> Result<T, String> {
        runtime()?.block_on(async {
            // The owner asks: the service role may not exist yet.
            let owner = self.owner.writer().await.map_err(text)?;
            if !migrations::missing(&owner).await.map_err(text)?.is_empty() {
                return Err("the database is not set up for this version: run `reperes migrate` first".to_owned());
            }
            let mut client = self.service.writer().await.map_err(text)?;
            work(&mut client).await
        })
    }
}

/// Creates the runtime of a command. It has several threads, which Diesel's migrations need.
///
/// # Errors
/// Returns an error if the system cannot start threads.
pub fn runtime() -> Result<Runtime, String> {
    runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(text)
}

/// Acquires the setup lock. While the database is not available it tries again until the timeout; a database that refuses
/// the login is an error at once.
///
/// # Errors
/// Returns a message for the operator.
pub async fn acquire_setup_lock(database: &Database, timeout: Duration, start: &Start) -> Result<SetupLock, String> {
    let deadline = Instant::now() + timeout;
    let mut logged = false;
    loop {
        let waiting = || start.progress.enter(|| "waiting for another process that sets the database up".to_owned());
        match SetupLock::acquire(database, waiting).await {
            Ok(lock) => return Ok(lock),
            Err(DbError::Unavailable(_)) if Instant::now() < deadline => {
                if !std::mem::replace(&mut logged, true) {
                    log::info!("waiting for the database {}, at most {timeout:?}", database.availability().address());
                    start.progress.enter(|| "waiting for the database".to_owned());
                }
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}
