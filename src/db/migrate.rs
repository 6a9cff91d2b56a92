//! Owns the migrations: embedded in the binary, run by one server at a time.
//! Must not know what the tables mean.

use std::time::Duration;

use diesel_async::AsyncMigrationHarness;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::DbError;
use super::connect::Database;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The advisory lock that setting a database up is done under. Any number will do, if nobody else takes it.
const SETUP_LOCK: i64 = 7_309_453_201;

/// Pause between attempts to take it.
const RETRY: Duration = Duration::from_millis(100);

/// Holds the lock until dropped. The lock belongs to a transaction, so that it also holds through a connection pooler.
pub struct SetupLock {
    client: tokio_postgres::Client,
}

impl SetupLock {
    /// Waits for the lock, without holding a connection meanwhile: the one who has it may need more than one.
    ///
    /// # Errors
    /// The database's.
    pub async fn acquire(database: &Database) -> Result<Self, DbError> {
        loop {
            let client = database.writer().await?;
            client.batch_execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0").await?;
            let row = client.query_one(&format!("SELECT pg_try_advisory_xact_lock({SETUP_LOCK})"), &[]).await?;
            if row.get(0) {
                return Ok(Self { client });
            }
            drop(client);
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// The database's.
    pub async fn release(self) -> Result<(), DbError> {
        Ok(self.client.batch_execute("COMMIT").await?)
    }
}

/// Runs the migrations that are missing and gives their names. Needs a multi-thread runtime, and the [`SetupLock`],
/// since Diesel's migrations take no lock.
///
/// # Errors
/// The database's; also when the database has migrations that this program does not know.
pub async fn run(database: &Database, _lock: &SetupLock) -> Result<Vec<String>, DbError> {
    let connection = database.migrator().await?;
    let mut harness = AsyncMigrationHarness::new(connection);
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| DbError::Failed(format!("the migrations failed: {error}"));
    let applied = harness.applied_migrations().map_err(failed)?;
    let known: Vec<_> = diesel::migration::MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS).map_err(failed)?;
    let versions: Vec<_> = known.iter().map(|migration| migration.name().version()).collect();
    if let Some(newer) = applied.iter().find(|version| !versions.contains(version)) {
        return Err(DbError::Failed(format!("it was migrated by a newer version of this program (migration {newer})")));
    }
    let run = harness.run_pending_migrations(MIGRATIONS).map_err(failed)?;
    Ok(run.iter().map(ToString::to_string).collect())
}
