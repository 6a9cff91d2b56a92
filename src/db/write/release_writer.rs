//! Owns the transaction that makes a release: its number, its rows and its record. A number is taken under a lock that is
//! held to the end of the transaction, so that numbers follow the order of commits.
//! Must not know files or formats.

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::audit::{self, AuditEntry};
use crate::db::DbError;
use crate::db::connection::config::{Client, IsolationLevel, Transaction};
use crate::db::connection::diesel_client::DieselClient;
use crate::db::connection::release_watcher::CHANNEL;
use crate::db::schema::{releases, territories};
use crate::db::sql::functions::{analyze_table, pg_advisory_xact_lock, pg_notify, pg_try_advisory_xact_lock};
use crate::publication::Effect;
use crate::query::Dataset;

/// The advisory lock that a publication holds from its number to its commit.
const PUBLICATION_LOCK: i64 = 7_309_453_202;

/// From so many rows on, a plan that does not know them may be slow.
const MANY_ROWS: u64 = 1000;

/// And from one row of so many on: what Postgres itself takes for many.
const MANY_SHARE: f64 = 10.0;

/// What the record of a release says beside its counts.
#[derive(Debug)]
pub struct ReleaseRecord {
    /// Title, in French.
    pub title: String,
    /// Notes for readers, in French.
    pub notes: Option<String>,
    /// The publisher.
    pub publisher: String,
    /// Licence of the data.
    pub licence: String,
    /// The bundle of the service's own data that it is made from.
    pub bundle: Option<String>,
    /// The files: a JSON array with path, SHA-256 and rows.
    pub files: Value,
}

/// A publication under way. If it is dropped before [`ReleaseWriter::commit`], the transaction is rolled back.
pub struct ReleaseWriter<'c> {
    transaction: Transaction<'c>,
    dry_run: bool,
}

impl<'c> ReleaseWriter<'c> {
    /// Begins the transaction. Files can be staged and checked before [`ReleaseWriter::acquire_lock`], or, in a dry run, before
    /// [`ReleaseWriter::copy_tables`].
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn begin(client: &'c mut Client, dry_run: bool) -> Result<Self, DbError> {
        // A publisher that dies must not leave a statement running, and its locks held. Servers on other systems than Linux may
        // refuse the setting.
        if let Err(error) = client.batch_execute("SET client_connection_check_interval = '1s'").await {
            log::debug!("the database does not check connections while a statement runs: {error}");
        }
        let isolation = IsolationLevel::ReadCommitted;
        let transaction = client.build_transaction().isolation_level(isolation).start().await?;
        // Reading a file may take long, and the transaction is idle meanwhile. Compiling a statement takes longer than running it,
        // and few publications run at once, so that each may have memory for its keys.
        let patient = "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
             SET LOCAL jit = off; SET LOCAL work_mem = '64MB'";
        transaction.batch_execute(patient).await?;
        Ok(Self { transaction, dry_run })
    }

    /// Takes the lock, which is held to the end of the transaction, and returns the next number. Returns `None` if another
    /// publication has the lock and this one does not `wait`.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn acquire_lock(&self, wait: bool) -> Result<Option<i32>, DbError> {
        let client = &mut DieselClient(&self.transaction);
        if wait {
            diesel::select(pg_advisory_xact_lock(PUBLICATION_LOCK)).execute(client).await?;
        } else if !diesel::select(pg_try_advisory_xact_lock(PUBLICATION_LOCK)).get_result::<bool>(client).await? {
            return Ok(None);
        }
        self.next_number().await.map(Some)
    }

    /// The number of the next release, as far as this transaction sees. It is certain under the lock only.
    pub(super) async fn next_number(&self) -> Result<i32, DbError> {
        let newest = releases::table.select(max(releases::number));
        let newest: Option<i32> = newest.get_result(&mut DieselClient(&self.transaction)).await?;
        Ok(newest.unwrap_or(0) + 1)
    }

    /// Kind, code and name of every territory that exists today.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn territories(&self) -> Result<Vec<(String, String, String)>, DbError> {
        let today = territories::table
            .filter(territories::last_release.is_null())
            .filter(territories::status.eq("current"))
            .select((territories::kind, territories::code, territories::name));
        Ok(today.load(&mut DieselClient(&self.transaction)).await?)
    }

    /// Renews the planner's statistics of a dataset's tables after so many rows were written, of those that have none, and of all if
    /// these are many. Else Postgres renews them in time by itself.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn analyze(&self, dataset: &'static Dataset, written: u64) -> Result<(), DbError> {
        let known = "SELECT coalesce((SELECT reltuples::float8 FROM pg_class WHERE oid = to_regclass(quote_ident($1))), -1)";
        for table in dataset.tables() {
            let known: f64 = self.transaction.query_one(known, &[&table]).await?.get(0);
            if known >= 0.0 && written < MANY_ROWS && written as f64 * MANY_SHARE <= known {
                continue;
            }
            if self.dry_run {
                self.transaction.batch_execute(&format!("ANALYZE pg_temp.\"{table}\"")).await?;
            } else {
                diesel::select(analyze_table(table)).execute(&mut DieselClient(&self.transaction)).await?;
            }
        }
        Ok(())
    }

    /// Whether nothing is published in the end.
    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// The transaction, for staging.
    pub fn transaction(&self) -> &Transaction<'c> {
        &self.transaction
    }

    /// The codes most similar to one that does not exist. Empty for datasets whose codes are joined from several fields.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn closest(&self, dataset: &'static Dataset, code: &str) -> Result<Vec<String>, DbError> {
        if dataset.field("code").is_none_or(|field| field.is_computed()) {
            return Ok(Vec::new());
        }
        let query = format!(
            "SELECT code FROM \"{}\" WHERE last_release IS NULL ORDER BY (code || '') <-> $1::text, code LIMIT 3",
            dataset.name
        );
        let rows = self.transaction.query(&query, &[&code]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Adds the record of the release and its line in the audit, and commits.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement; then nothing has changed.
    pub async fn commit(self, number: i32, record: ReleaseRecord, effects: &[Effect], entry: &AuditEntry) -> Result<(), DbError> {
        let sum = |each: fn(&Effect) -> u64| {
            i32::try_from(effects.iter().map(each).sum::<u64>())
                .map_err(|_| DbError::Failed("a release holds more rows than can be counted".to_owned()))
        };
        let by_dataset: serde_json::Map<String, Value> = effects
            .iter()
            .filter(|effect| !effect.is_empty())
            .map(|e| (e.dataset.clone(), serde_json::json!({"added": e.added, "changed": e.changed, "withdrawn": e.withdrawn})))
            .collect();
        let release = (
            releases::number.eq(number),
            releases::title.eq(&record.title),
            releases::notes.eq(&record.notes),
            releases::publisher.eq(&record.publisher),
            releases::licence.eq(&record.licence),
            releases::bundle.eq(&record.bundle),
            releases::added.eq(sum(|e| e.added)?),
            releases::changed.eq(sum(|e| e.changed)?),
            releases::withdrawn.eq(sum(|e| e.withdrawn)?),
            releases::counts.eq(Value::Object(by_dataset)),
            releases::files.eq(&record.files),
        );
        let client = &mut DieselClient(&self.transaction);
        // The database sets the instant (`next_release`) and makes the digest (`digest_release`).
        let inserted = diesel::insert_into(releases::table).values(release).returning(releases::published_at);
        let published_at: DateTime<Utc> = inserted.get_result(client).await?;
        let clock: DateTime<Utc> = self.transaction.query_one("SELECT wall_clock()", &[]).await?.get(0);
        if published_at > clock {
            log::warn!(
                "the clock of the database is {clock}, and release {} is later: release {number} is dated {published_at}, just after it",
                number - 1
            );
        }
        audit::record(&self.transaction, entry).await?;
        // Postgres delivers it when the transaction is committed, and only then.
        diesel::select(pg_notify(CHANNEL, number.to_string())).execute(client).await?;
        Ok(self.transaction.commit().await?)
    }
}

/// The names of the bundles that have been published, and whether anything else has been.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub async fn bundles(client: &Client) -> Result<(Vec<String>, bool), DbError> {
    let names = releases::table.select(releases::bundle).distinct();
    let names: Vec<Option<String>> = names.load(&mut DieselClient(client)).await?;
    let others = names.iter().any(Option::is_none);
    Ok((names.into_iter().flatten().collect(), others))
}

/// The release of a bundle whose files have exactly these SHA-256 digests.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub async fn of_bundle(client: &Client, bundle: &str, digests: &[&str]) -> Result<Option<i32>, DbError> {
    let published =
        releases::table.filter(releases::bundle.eq(bundle)).order(releases::number).select((releases::number, releases::files));
    let published: Vec<(i32, Value)> = published.load(&mut DieselClient(client)).await?;
    let mut wanted = digests.to_vec();
    wanted.sort_unstable();
    let same = |files: &Value| {
        let files = files.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<&str> = files.iter().filter_map(|file| file["sha256"].as_str()).collect();
        found.sort_unstable();
        found == wanted
    };
    Ok(published.into_iter().find(|(_, files)| same(files)).map(|(number, _)| number))
}
