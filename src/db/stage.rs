//! Owns the staging of one dataset's rows within a publication: a temporary table, the checks that need all rows at
//! once, and the difference with what is current.
//! Must not know where the rows come from.

use bytes::Bytes;
use tokio_postgres::{CopyInSink, Transaction};

use super::DbError;
use crate::query::Dataset;

/// The most faults of one kind that are fetched.
const FAULTS: usize = 50;

/// What a publication did to a dataset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows whose key was not there.
    pub added: u64,
    /// Rows whose key was there with other values.
    pub changed: u64,
    /// Rows closed without a successor.
    pub withdrawn: u64,
}

/// A staged row that is at fault.
#[derive(Debug)]
pub struct Place {
    /// Index of the file in the publication.
    pub file: usize,
    /// Line in the file.
    pub line: i64,
    /// The value at fault.
    pub value: String,
}

/// The staged rows of one dataset.
pub struct Stage<'t, 'c> {
    transaction: &'t Transaction<'c>,
    dataset: &'static Dataset,
}

impl<'t, 'c> Stage<'t, 'c> {
    /// Makes the empty staging table.
    ///
    /// # Errors
    /// The database's.
    pub async fn create(transaction: &'t Transaction<'c>, dataset: &'static Dataset) -> Result<Self, DbError> {
        let stage = Self { transaction, dataset };
        let (table, columns) = (dataset.name, stage.columns(""));
        stage
            .run(&format!(
                "CREATE TEMP TABLE stage_{table} ON COMMIT DROP AS SELECT {columns}, 0 AS file, 0::bigint AS line FROM \"{table}\" WITH NO DATA"
            ))
            .await?;
        Ok(stage)
    }

    /// Fills the staging table from the SELECT of a derived dataset.
    ///
    /// # Errors
    /// The database's.
    pub async fn derive(&self, select: &str) -> Result<(), DbError> {
        let (table, columns) = (self.dataset.name, self.columns(""));
        self.run(&format!("INSERT INTO stage_{table} ({columns}) SELECT {columns} FROM ({select}) derived")).await?;
        self.run(&format!("ANALYZE stage_{table}")).await
    }

    /// Opens the way in for rows, in `COPY`'s text format: the dataset's columns, then file and line.
    ///
    /// # Errors
    /// The database's.
    pub async fn copy(&self) -> Result<CopyInSink<Bytes>, DbError> {
        let (table, columns) = (self.dataset.name, self.columns(""));
        Ok(self.transaction.copy_in(&format!("COPY stage_{table} ({columns}, file, line) FROM STDIN")).await?)
    }

    /// The rows whose key stands in the files more than once.
    ///
    /// # Errors
    /// The database's.
    pub async fn duplicates(&self) -> Result<Vec<Place>, DbError> {
        let (table, keys) = (self.dataset.name, self.keys(|key| format!("\"{key}\"")).join(", "));
        let joined = self.keys(|key| format!("\"{key}\"::text")).join(" || '~' || ");
        self.places(&format!(
            "SELECT file, line, key FROM (SELECT file, line, {joined} AS key, row_number() OVER (PARTITION BY {keys} ORDER BY file, line) AS nth \
             FROM stage_{table}) numbered WHERE nth > 1 ORDER BY file, line LIMIT {FAULTS}"
        ))
        .await
    }

    /// The rows whose `field` names a row of `target` that is not there once this publication is done.
    ///
    /// # Errors
    /// The database's.
    pub async fn dangling(&self, field: &str, list: bool, target: &'static Dataset) -> Result<Vec<Place>, DbError> {
        let (table, other) = (self.dataset.name, target.name);
        let value = if list { format!("unnest(s.\"{field}\")") } else { format!("s.\"{field}\"") };
        self.places(&format!(
            "SELECT file, line, value FROM (SELECT s.file, s.line, {value} AS value FROM stage_{table} s) given \
             WHERE value IS NOT NULL AND NOT EXISTS (SELECT 1 FROM \"{other}\" o WHERE o.code = value AND o.last_release IS NULL) \
             ORDER BY file, line LIMIT {FAULTS}"
        ))
        .await
    }

    /// The sum of a column over the rows of one file, as exact text.
    ///
    /// # Errors
    /// The database's.
    pub async fn agrees(&self, file: usize, field: &str, total: &str) -> Result<Result<(), String>, DbError> {
        let query = format!(
            "SELECT coalesce(sum(\"{field}\"), 0)::numeric::text, coalesce(sum(\"{field}\"), 0)::numeric = $1::text::numeric FROM stage_{} WHERE file = $2",
            self.dataset.name
        );
        let file = i32::try_from(file).expect("a publication has few files");
        let row = self.transaction.query_one(&query, &[&total, &file]).await?;
        Ok(if row.get(1) { Ok(()) } else { Err(row.get(0)) })
    }

    /// Adds and changes what the staged rows say; with `replace`, also withdraws what they no longer have.
    ///
    /// # Errors
    /// The database's.
    pub async fn merge(&self, number: i32, replace: bool) -> Result<Counts, DbError> {
        let table = self.dataset.name;
        let (columns, theirs, ours) = (self.columns(""), self.columns("s."), self.columns("t."));
        let same = self.keys(|key| format!("t.\"{key}\" = s.\"{key}\"")).join(" AND ");
        let close = format!("UPDATE \"{table}\" t SET last_release = {}", number - 1);
        self.run(&format!("ANALYZE stage_{table}")).await?;
        let changed = self
            .count(&format!("{close} FROM stage_{table} s WHERE t.last_release IS NULL AND {same} AND ROW({ours}) IS DISTINCT FROM ROW({theirs})"))
            .await?;
        let withdrawn = match replace {
            true => {
                self.count(&format!(
                    "{close} WHERE t.last_release IS NULL AND NOT EXISTS (SELECT 1 FROM stage_{table} s WHERE {same})"
                ))
                .await?
            }
            false => 0,
        };
        let order = self.keys(|key| format!("s.\"{key}\"")).join(", ");
        let opened = self
            .count(&format!(
                "INSERT INTO \"{table}\" ({columns}, first_release) SELECT {theirs}, {number} FROM stage_{table} s \
                 WHERE NOT EXISTS (SELECT 1 FROM \"{table}\" t WHERE t.last_release IS NULL AND {same}) ORDER BY {order}"
            ))
            .await?;
        self.run(&format!("ANALYZE \"{table}\"")).await?;
        Ok(Counts { added: opened - changed, changed, withdrawn })
    }

    fn columns(&self, alias: &str) -> String {
        self.dataset.columns().map(|field| format!("{alias}\"{}\"", field.name)).collect::<Vec<_>>().join(", ")
    }

    fn keys(&self, each: impl Fn(&str) -> String) -> Vec<String> {
        self.dataset.key.iter().map(|key| each(key)).collect()
    }

    async fn run(&self, sql: &str) -> Result<(), DbError> {
        Ok(self.transaction.batch_execute(sql).await?)
    }

    async fn count(&self, sql: &str) -> Result<u64, DbError> {
        Ok(self.transaction.execute(sql, &[]).await?)
    }

    async fn places(&self, sql: &str) -> Result<Vec<Place>, DbError> {
        let rows = self.transaction.query(sql, &[]).await?;
        let place = |row: tokio_postgres::Row| Place {
            file: usize::try_from(row.get::<_, i32>(0)).unwrap_or_default(),
            line: row.get(1),
            value: row.get(2),
        };
        Ok(rows.into_iter().map(place).collect())
    }
}
