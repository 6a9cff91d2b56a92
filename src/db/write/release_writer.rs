//! Owns the one transaction in which a release is made: its number, its rows, its record.
//! Numbers are given under a lock held to the end, so that their order is the order of commits.
//! Must not know files or formats.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::audit::{self, Entry};
use super::merge::Counts;
use crate::db::DbError;
use crate::db::connection::config::{Client, IsolationLevel, Transaction};
use crate::db::connection::diesel_client::DieselClient;
use crate::db::connection::release_watcher::CHANNEL;
use crate::db::schema::{releases, territories};
use crate::db::sql::functions::{analyze_table, clock_timestamp, pg_advisory_xact_lock, pg_notify, pg_try_advisory_xact_lock};
use crate::query::Dataset;

/// The advisory lock that publications queue for.
const PUBLICATION_LOCK: i64 = 7_309_453_202;

/// What is recorded of a release beside its rows.
#[derive(Debug)]
pub struct Record {
    /// Title, in French.
    pub title: String,
    /// What the reader must know, in French.
    pub notes: Option<String>,
    /// Who publishes.
    pub publisher: String,
    /// Licence of the data.
    pub licence: String,
    /// The bundle that it is made from.
    pub bundle: Option<String>,
    /// The files, with digests and rows.
    pub files: Value,
}

/// A publication under way. Dropped before [`Publication::commit`], it leaves nothing behind.
pub struct Publication<'c> {
    transaction: Transaction<'c>,
}

impl<'c> Publication<'c> {
    /// Begins. Files may be staged and checked before the publication takes its turn.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(client: &'c mut Client) -> Result<Self, DbError> {
        let isolation = IsolationLevel::ReadCommitted;
        let transaction = client.build_transaction().isolation_level(isolation).start().await?;
        // Reading a file takes as long as it takes; meanwhile the database sees nothing of the transaction.
        let patient =
            "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0";
        transaction.batch_execute(patient).await?;
        Ok(Self { transaction })
    }

    /// Takes the turn, which is held to the end, and the next number; nothing when another publication has the turn
    /// and this one does not `wait`.
    ///
    /// # Errors
    /// The database's.
    pub async fn take_turn(&self, wait: bool) -> Result<Option<i32>, DbError> {
        let client = &mut DieselClient(&self.transaction);
        if wait {
            diesel::select(pg_advisory_xact_lock(PUBLICATION_LOCK)).execute(client).await?;
        } else if !diesel::select(pg_try_advisory_xact_lock(PUBLICATION_LOCK)).get_result::<bool>(client).await? {
            return Ok(None);
        }
        let newest = releases::table.select(max(releases::number));
        let newest: Option<i32> = newest.get_result(client).await?;
        Ok(Some(newest.unwrap_or(0) + 1))
    }

    /// Every territory of today: kind, code, name.
    ///
    /// # Errors
    /// The database's.
    pub async fn territories(&self) -> Result<Vec<(String, String, String)>, DbError> {
        let today = territories::table
            .filter(territories::last_release.is_null())
            .filter(territories::status.is_distinct_from("former"))
            .select((territories::kind, territories::code, territories::name));
        Ok(today.load(&mut DieselClient(&self.transaction)).await?)
    }

    /// Lets the planner know what a dataset's table holds now.
    ///
    /// # Errors
    /// The database's.
    pub async fn analyze(&self, dataset: &'static Dataset) -> Result<(), DbError> {
        diesel::select(analyze_table(dataset.name)).execute(&mut DieselClient(&self.transaction)).await?;
        Ok(())
    }

    /// The transaction, for staging.
    pub fn transaction(&self) -> &Transaction<'c> {
        &self.transaction
    }

    /// The codes closest to one that is not there; none where codes are joined from others, and kept in no column.
    ///
    /// # Errors
    /// The database's.
    pub async fn closest(&self, dataset: &'static Dataset, code: &str) -> Result<Vec<String>, DbError> {
        if dataset.field("code").is_none_or(|field| field.is_computed()) {
            return Ok(Vec::new());
        }
        let query = format!(
            "SELECT code FROM \"{}\" WHERE last_release IS NULL ORDER BY (code || '') <-> $1::text LIMIT 3",
            dataset.name
        );
        let rows = self.transaction.query(&query, &[&code]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The sources of the rows that release `number` opens or closes.
    ///
    /// # Errors
    /// The database's.
    pub async fn touched_sources(&self, dataset: &'static Dataset, number: i32) -> Result<Vec<String>, DbError> {
        let query = format!(
            "SELECT DISTINCT source_code FROM \"{}\" WHERE first_release = $1 OR last_release = $1 - 1 ORDER BY 1",
            dataset.name
        );
        let rows = self.transaction.query(&query, &[&number]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Records the release and who made it, and makes everything visible at once.
    ///
    /// # Errors
    /// The database's; then nothing has happened.
    pub async fn commit(
        self,
        number: i32,
        record: Record,
        counts: &[(&'static str, Counts)],
        entry: &Entry,
    ) -> Result<(), DbError> {
        let sum = |each: fn(&Counts) -> u64| {
            i32::try_from(counts.iter().map(|(_, c)| each(c)).sum::<u64>())
                .map_err(|_| DbError::Failed("a release holds more rows than can be counted".to_owned()))
        };
        let by_dataset: serde_json::Map<String, Value> = counts
            .iter()
            .map(|(name, c)| {
                ((*name).to_owned(), serde_json::json!({"added": c.added, "changed": c.changed, "withdrawn": c.withdrawn}))
            })
            .collect();
        let release = (
            releases::number.eq(number),
            releases::published_at.eq(clock_timestamp()),
            releases::title.eq(&record.title),
            releases::notes.eq(&record.notes),
            releases::publisher.eq(&record.publisher),
            releases::licence.eq(&record.licence),
            releases::bundle.eq(&record.bundle),
            releases::added.eq(sum(|c| c.added)?),
            releases::changed.eq(sum(|c| c.changed)?),
            releases::withdrawn.eq(sum(|c| c.withdrawn)?),
            releases::counts.eq(Value::Object(by_dataset)),
            releases::files.eq(&record.files),
        );
        let client = &mut DieselClient(&self.transaction);
        diesel::insert_into(releases::table).values(release).execute(client).await?;
        audit::record(&self.transaction, entry).await?;
        // Heard by every process once, and only if, the transaction is committed.
        diesel::select(pg_notify(CHANNEL, number.to_string())).execute(client).await?;
        Ok(self.transaction.commit().await?)
    }
}

/// The bundles already published, and whether anything else has been.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub async fn bundles(client: &Client) -> Result<(Vec<String>, bool), DbError> {
    let names = releases::table.select(releases::bundle).distinct();
    let names: Vec<Option<String>> = names.load(&mut DieselClient(client)).await?;
    let others = names.iter().any(Option::is_none);
    Ok((names.into_iter().flatten().collect(), others))
}

/// The release that a bundle was published as, from files of just these digests.
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
