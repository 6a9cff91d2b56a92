//! Owns the one transaction in which a release is made: its number, its rows, its record.
//! Numbers are given under a lock held to the end, so that their order is the order of commits.
//! Must not know files or formats.

use serde_json::Value;
use tokio_postgres::{Client, Transaction};

use super::audit::{self, Entry};
use super::merge::Counts;
use crate::db::DbError;
use crate::db::connection::release_watcher::CHANNEL;
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
        let isolation = tokio_postgres::IsolationLevel::ReadCommitted;
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
        if wait {
            self.transaction.batch_execute(&format!("SELECT pg_advisory_xact_lock({PUBLICATION_LOCK})")).await?;
        } else {
            let attempt = format!("SELECT pg_try_advisory_xact_lock({PUBLICATION_LOCK})");
            if !self.transaction.query_one(&attempt, &[]).await?.get::<_, bool>(0) {
                return Ok(None);
            }
        }
        let row = self.transaction.query_one("SELECT coalesce(max(number), 0) + 1 FROM releases", &[]).await?;
        Ok(Some(row.get(0)))
    }

    /// Every territory of today: kind, code, name.
    ///
    /// # Errors
    /// The database's.
    pub async fn territories(&self) -> Result<Vec<(String, String, String)>, DbError> {
        let today = "SELECT kind, code, name FROM territories WHERE last_release IS NULL AND status IS DISTINCT FROM 'former'";
        let rows = self.transaction.query(today, &[]).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
    }

    /// Lets the planner know what a dataset's table holds now.
    ///
    /// # Errors
    /// The database's.
    pub async fn analyze(&self, dataset: &'static Dataset) -> Result<(), DbError> {
        Ok(self.transaction.batch_execute(&format!("SELECT analyze_table('{}')", dataset.name)).await?)
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
        self.transaction
            .execute(
                "INSERT INTO releases (number, published_at, title, notes, publisher, licence, bundle, added, changed, withdrawn, counts, files) \
                 VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb, $11::text::jsonb)",
                &[
                    &number,
                    &record.title,
                    &record.notes,
                    &record.publisher,
                    &record.licence,
                    &record.bundle,
                    &sum(|c| c.added)?,
                    &sum(|c| c.changed)?,
                    &sum(|c| c.withdrawn)?,
                    &Value::Object(by_dataset).to_string(),
                    &record.files.to_string(),
                ],
            )
            .await?;
        audit::record(&self.transaction, entry).await?;
        // Heard by every process once, and only if, the transaction is committed.
        self.transaction.execute("SELECT pg_notify($1, $2)", &[&CHANNEL, &number.to_string()]).await?;
        Ok(self.transaction.commit().await?)
    }
}

/// The bundles already published, and whether anything else has been.
///
/// # Errors
/// The database's.
pub async fn bundles(client: &Client) -> Result<(Vec<String>, bool), DbError> {
    let rows = client.query("SELECT DISTINCT bundle FROM releases", &[]).await?;
    let names: Vec<Option<String>> = rows.iter().map(|row| row.get(0)).collect();
    let others = names.iter().any(Option::is_none);
    Ok((names.into_iter().flatten().collect(), others))
}

/// The release that a bundle was published as, from files of just these digests.
///
/// # Errors
/// The database's.
pub async fn of_bundle(client: &Client, bundle: &str, digests: &[&str]) -> Result<Option<i32>, DbError> {
    let query = "SELECT number FROM releases WHERE bundle = $1 AND \
                 (SELECT array_agg(file ->> 'sha256' ORDER BY file ->> 'sha256' COLLATE \"C\") FROM jsonb_array_elements(files) file) \
                 = (SELECT array_agg(one ORDER BY one COLLATE \"C\") FROM unnest($2::text[]) one) ORDER BY number LIMIT 1";
    Ok(client.query_opt(query, &[&bundle, &digests]).await?.map(|row| row.get(0)))
}
