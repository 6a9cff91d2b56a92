//! Owns the migrations: embedded in the binary, run by one process at a time.
//! Must not know what the tables mean.

use std::time::{Duration, Instant};

use diesel_async::AsyncMigrationHarness;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::db::DbError;
use crate::db::connection::config::{Client, Database};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The table in which Diesel keeps the versions of the migrations that were run.
pub const MIGRATIONS_TABLE: &str = "__diesel_schema_migrations";

/// The advisory lock of the set-up of a database.
const SETUP_LOCK: i64 = 7_309_453_201;

/// The longest wait for it: the process that has it may publish all bundled data.
const SETUP_TIMEOUT: Duration = Duration::from_secs(600);

/// The pause between attempts to take it.
const RETRY: Duration = Duration::from_millis(100);

/// Holds the lock until it is dropped. It is a lock of a transaction, since a session's does not survive a connection pooler.
pub struct SetupLock {
    client: Client,
}

impl SetupLock {
    /// Waits for the lock, without a connection meanwhile: the process that has it may need several. Calls `waiting` once if
    /// another process has it.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement, or if another process does not release the lock.
    pub async fn acquire(database: &Database, waiting: impl Fn()) -> Result<Self, DbError> {
        let (deadline, mut logged) = (Instant::now() + SETUP_TIMEOUT, false);
        loop {
            let client = database.writer().await?;
            client.batch_execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0").await?;
            let row = client.query_one(&format!("SELECT pg_try_advisory_xact_lock({SETUP_LOCK})"), &[]).await?;
            if row.get(0) {
                return Ok(Self { client });
            }
            drop(client);
            if Instant::now() >= deadline {
                return Err(DbError::Failed(format!("another process has been setting it up for {SETUP_TIMEOUT:?}")));
            }
            if !std::mem::replace(&mut logged, true) {
                log::info!("waiting for another process that sets the database up, at most {SETUP_TIMEOUT:?}");
                waiting();
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Releases the lock.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn release(self) -> Result<(), DbError> {
        Ok(self.client.batch_execute("COMMIT").await?)
    }
}

/// The names of the migrations that have not run. Any role that can read may call this.
///
/// # Errors
/// Returns an error if the database cannot be reached, or has migrations that this program does not know.
pub async fn missing(client: &Client) -> Result<Vec<String>, DbError> {
    let known: Vec<_> = diesel::migration::MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS).map_err(failed)?;
    let known: Vec<(String, String)> =
        known.iter().map(|migration| (migration.name().version().to_string(), migration.name().to_string())).collect();
    let there: bool = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&MIGRATIONS_TABLE]).await?.get(0);
    let applied: Vec<String> = match there {
        true => client
            .query(&format!("SELECT version::text FROM {MIGRATIONS_TABLE}"), &[])
            .await?
            .iter()
            .map(|row| row.get(0))
            .collect(),
        false => Vec::new(),
    };
    if let Some(other) = applied.iter().find(|version| !known.iter().any(|(known, _)| known == *version)) {
        // Versions begin with the day of the migration, so that their order is that of time.
        if known.first().is_some_and(|(oldest, _)| other < oldest) {
            return Err(DbError::Failed(format!(
                "it was made by a version of this program before 1.0 (migration {other}), whose databases are not upgraded; use an empty database or data directory, and publish again"
            )));
        }
        return Err(DbError::Failed(format!("it was migrated by a newer version of this program (migration {other})")));
    }
    Ok(known.into_iter().filter(|(version, _)| !applied.contains(version)).map(|(_, name)| name).collect())
}

/// Runs the missing migrations and returns their names. Needs a multi-thread runtime, and the [`SetupLock`], since Diesel's
/// migrations take no lock. Needs no ownership of the tables if none is missing; calls `begins` before the first that is.
///
/// # Errors
/// The database's; also when the database has migrations that this program does not know.
pub async fn run(database: &Database, lock: &SetupLock, begins: impl FnOnce()) -> Result<Vec<String>, DbError> {
    if missing(&lock.client).await?.is_empty() {
        return Ok(Vec::new());
    }
    begins();
    let connection = database.migrator().await?;
    let run = AsyncMigrationHarness::new(connection)
        .run_pending_migrations(MIGRATIONS)
        .map_err(failed)?
        .iter()
        .map(ToString::to_string)
        .collect();
    Ok(run)
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> DbError {
    DbError::Failed(format!("the migrations failed: {error}"))
}
