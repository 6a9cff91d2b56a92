//! Owns the way to the database that a command works on: as its owner to set it up, as the role that serves for all
//! else; our own Postgres, started if need be, where no other is configured.
//! Must not know the commands.

use std::time::{Duration, Instant};

use tokio::runtime::{self, Runtime};

use super::text;
use crate::app::EXPORT_CONNECTIONS;
use crate::config::Config;
use crate::datasets::REGISTRY;
use crate::db::DbError;
use crate::db::connection::config::{Client, Database};
use crate::db::setup::migrations::{self, SetupLock};
use crate::db::setup::roles;
use crate::postgres::{Cluster, Durability, Server as Postgres, Urls};
use crate::publish::{self, PublishError};

/// Pause between attempts to reach the database at start.
const RETRY: Duration = Duration::from_millis(500);

/// The database, in both roles.
pub struct Databases {
    /// As the role that serves.
    pub service: Database,
    /// As the owner of the tables, who may be the same.
    pub owner: Database,
    /// Our own Postgres, if it is that one and this process runs it.
    _postgres: Option<Postgres>,
}

impl Databases {
    /// The database of a server, which runs our own Postgres if no other is configured.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn start(config: &Config) -> Result<Self, String> {
        if let Some(configured) = Self::configured(config) {
            return Ok(configured);
        }
        let cluster = Cluster::open(&config.data_dir, config.data_dir_moved, config.bin_dir.as_deref(), Durability::Durable)?;
        let workers = config.workers.or_else(|| std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
        let postgres = Postgres::start(cluster, workers * config.limits.connections + EXPORT_CONNECTIONS)?;
        Self::own(&postgres.urls().clone(), Some(postgres))
    }

    /// The database of a command that may be run beside a server: our own Postgres is used where it runs, and only
    /// started where it does not.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn join(config: &Config) -> Result<Self, String> {
        match Cluster::running(&config.data_dir, config.data_dir_moved)? {
            Some(urls) if config.database.is_none() => Self::own(&urls, None),
            _ => Self::start(config),
        }
    }

    fn configured(config: &Config) -> Option<Self> {
        let service = config.database.clone()?;
        Some(Self { owner: config.owner.clone().unwrap_or_else(|| service.clone()), service, _postgres: None })
    }

    fn own(urls: &Urls, postgres: Option<Postgres>) -> Result<Self, String> {
        Ok(Self { service: Database::parse(&urls.service)?, owner: Database::parse(&urls.owner)?, _postgres: postgres })
    }

    /// Migrates the database, gives the role that serves its rights, and publishes the bundled data into an empty one;
    /// one process at a time.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn set_up(&self, config: &Config) -> Result<(), String> {
        let set_up = async {
            let lock = wait_for(&self.owner, config.startup_wait).await?;
            match self.fill(&lock, config).await {
                Err(PublishError::Database(DbError::ReadOnly(why))) => {
                    log::warn!("the database is read-only ({why}): it is served as it is, and nothing can be published");
                }
                outcome => outcome.map_err(|error| error.to_string())?,
            }
            lock.release().await.map_err(text)
        };
        runtime()?.block_on(set_up)
    }

    /// Prepares the database, and publishes the bundled data into an empty one.
    async fn fill(&self, lock: &SetupLock, config: &Config) -> Result<(), PublishError> {
        self.prepare(lock).await?;
        let mut writer = self.service.writer().await?;
        publish::publish_missing(&mut writer, REGISTRY, &config.bundles, &config.recipes).await
    }

    /// Waits until somebody else has set the database up for this version.
    ///
    /// # Errors
    /// A sentence for the operator: it was not in time, or for another version.
    pub fn await_set_up(&self, patience: Duration) -> Result<(), String> {
        let deadline = Instant::now() + patience;
        runtime()?.block_on(async {
            loop {
                let missing = async { migrations::missing(&self.service.writer().await?).await };
                let why = match missing.await {
                    Ok(missing) => match missing.first() {
                        None => return Ok(()),
                        Some(first) => {
                            format!("the database is not set up for this version (migration {first} is missing): run `reperes migrate`")
                        }
                    },
                    Err(DbError::Unavailable(why)) => format!("the database is not available: {why}"),
                    Err(error) => return Err(error.to_string()),
                };
                if Instant::now() >= deadline {
                    return Err(why);
                }
                log::warn!("waiting: {why}");
                tokio::time::sleep(RETRY).await;
            }
        })
    }

    /// Migrates the database, and makes the role that serves and gives it its rights.
    ///
    /// # Errors
    /// The database's.
    pub async fn prepare(&self, lock: &SetupLock) -> Result<(), DbError> {
        for name in migrations::run(&self.owner, lock).await? {
            log::info!("migrated: {name}");
        }
        let mut owner = self.owner.writer().await?;
        roles::ensure_role(&owner, &self.service).await?;
        roles::apply(&mut owner, &self.service, REGISTRY).await?;
        Ok(())
    }

    /// Runs work on a connection of the role that serves, to a database that has been set up.
    ///
    /// # Errors
    /// A sentence for the operator, or the work's own.
    pub fn with<T>(&self, work: impl AsyncFnOnce(&mut Client) -> Result<T, String>) -> Result<T, String> {
        runtime()?.block_on(async {
            // The role that serves is not there before the database is set up.
            let owner = self.owner.writer().await.map_err(text)?;
            if !migrations::missing(&owner).await.map_err(text)?.is_empty() {
                return Err("the database is not set up for this version: run `reperes migrate` first".to_owned());
            }
            let mut client = self.service.writer().await.map_err(text)?;
            work(&mut client).await
        })
    }
}

/// A runtime for a command; Diesel's migrations need one of several threads.
///
/// # Errors
/// The system's.
pub fn runtime() -> Result<Runtime, String> {
    runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(|error| error.to_string())
}

/// Takes the lock, waiting for a database that is not there yet; one that refuses us is not waited for.
///
/// # Errors
/// A sentence for the operator.
pub async fn wait_for(database: &Database, patience: Duration) -> Result<SetupLock, String> {
    let deadline = Instant::now() + patience;
    let mut told = false;
    loop {
        match SetupLock::acquire(database).await {
            Ok(lock) => return Ok(lock),
            Err(DbError::Unavailable(_)) if Instant::now() < deadline => {
                if !std::mem::replace(&mut told, true) {
                    log::info!("waiting for the database {}, at most {patience:?}", database.outage().place());
                }
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}
