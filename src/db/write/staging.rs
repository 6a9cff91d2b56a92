//! Owns the staging of one dataset's rows: a temporary table within the transaction of a publication, and the checks that
//! need all rows at once.
//! Must not know where the rows come from.

use bytes::Bytes;

use crate::db::DbError;
use crate::db::connection::config::{CopyInSink, Row, ToSql, Transaction};
use crate::db::sql::text;
use crate::query::Dataset;

/// The most errors of one kind that are listed.
const FAULTS: usize = 100;

/// Errors: the first in the order of the files, and the number of further ones.
#[derive(Debug)]
pub struct Excerpt<T> {
    /// The first errors.
    pub listed: Vec<T>,
    /// The number of further errors.
    pub more: usize,
}

/// Where a staged row comes from, and its wrong value.
#[derive(Debug)]
pub struct RowLocation {
    /// Index of the file, or of its sheet, in the publication.
    pub origin: usize,
    /// Line in the file.
    pub line: u64,
    /// The cell of the line that the row was made from, if a line makes several rows.
    pub cell: Option<usize>,
    /// The wrong value.
    pub value: String,
}

/// The columns of a staging table that hold the place of a row.
pub(super) const PLACE: &str = "origin, line, cell";

/// The staged rows of one dataset.
pub struct Stage<'t, 'c> {
    pub transaction: &'t Transaction<'c>,
    pub dataset: &'static Dataset,
}

impl<'t, 'c> Stage<'t, 'c> {
    /// Creates the empty staging table. It is dropped at the end of the transaction.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn create(transaction: &'t Transaction<'c>, dataset: &'static Dataset) -> Result<Self, DbError> {
        let stage = Self { transaction, dataset };
        let (table, columns) = (dataset.name, stage.columns(""));
        stage
            .run(&format!(
                "CREATE TEMP TABLE stage_{table} ON COMMIT DROP AS SELECT {columns}, 0 AS origin, 0::bigint AS line, 0 AS cell FROM \"{table}\" WITH NO DATA"
            ))
            .await?;
        Ok(stage)
    }

    /// Fills the staging table with the rows of a SELECT that has a column for each column of the dataset.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn derive(&self, select: &str) -> Result<(), DbError> {
        let (table, columns) = (self.dataset.name, self.columns(""));
        self.run(&format!("INSERT INTO stage_{table} ({columns}) SELECT {columns} FROM ({select}) derived")).await?;
        self.run(&format!("ANALYZE stage_{table}")).await
    }

    /// Starts a `COPY` into the staging table, in text format: the dataset's columns, then origin, line and cell.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn copy(&self) -> Result<CopyInSink<Bytes>, DbError> {
        let (table, columns) = (self.dataset.name, self.columns(""));
        Ok(self.transaction.copy_in(&format!("COPY stage_{table} ({columns}, {PLACE}) FROM STDIN")).await?)
    }

    /// The rows whose key occurs in the files more than once.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn duplicates(&self) -> Result<Excerpt<RowLocation>, DbError> {
        let (table, keys) = (self.dataset.name, self.keys(|key| format!("\"{key}\"")).join(", "));
        let code = text::code_of(self.dataset, "s");
        self.run(&format!("ANALYZE stage_{table}")).await?;
        // Most files have none, which needs no sorting to find out.
        let any = format!("SELECT EXISTS (SELECT 1 FROM stage_{table} GROUP BY {keys} HAVING count(*) > 1)");
        if !self.transaction.query_one(&any, &[]).await?.get::<_, bool>(0) {
            return Ok(Excerpt { listed: Vec::new(), more: 0 });
        }
        let query = format!(
            "SELECT {PLACE}, {code} FROM (SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY origin, line, cell) AS nth \
             FROM stage_{table}) s WHERE nth > 1"
        );
        self.found(&query, &[], place).await
    }

    /// The rows whose `field` refers to a row of `target` that does not exist once this publication is committed.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn dangling(&self, field: &str, list: bool, target: &'static Dataset) -> Result<Excerpt<RowLocation>, DbError> {
        let (table, other) = (self.dataset.name, target.name);
        let value = if list { format!("unnest(s.\"{field}\")") } else { format!("s.\"{field}\"") };
        let query = format!(
            "SELECT {PLACE}, value FROM (SELECT {PLACE}, {value} AS value FROM stage_{table} s) given \
             WHERE value IS NOT NULL AND NOT EXISTS (SELECT 1 FROM \"{other}\" o WHERE o.code = value AND o.last_release IS NULL)"
        );
        self.found(&query, &[], place).await
    }

    /// The rows of some origins that lie outside a scope.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn outside(&self, origins: &[i32], field: &str, values: &[String]) -> Result<Excerpt<RowLocation>, DbError> {
        let query = format!(
            "SELECT {PLACE}, coalesce(\"{field}\"::text, '') FROM stage_{} \
             WHERE origin = ANY($1) AND NOT coalesce(\"{field}\"::text = ANY($2), false)",
            self.dataset.name
        );
        self.found(&query, &[&origins, &values], place).await
    }

    /// The rows whose date `end` is not after their date `start`.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn backwards(&self, start: &str, end: &str) -> Result<Excerpt<RowLocation>, DbError> {
        let table = self.dataset.name;
        let query = format!("SELECT {PLACE}, \"{end}\"::text FROM stage_{table} WHERE \"{end}\" <= \"{start}\"");
        self.found(&query, &[], place).await
    }

    /// The number of rows from some files.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn rows(&self, origins: &[i32]) -> Result<u64, DbError> {
        let query = format!("SELECT count(*) FROM stage_{} WHERE origin = ANY($1)", self.dataset.name);
        let count: i64 = self.transaction.query_one(&query, &[&origins]).await?.get(0);
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Compares the sum of a column over the rows of some files with `total`. The inner error is the actual sum, as exact
    /// text.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn agrees(&self, origins: &[i32], field: &str, total: &str) -> Result<Result<(), String>, DbError> {
        let query = format!(
            "SELECT coalesce(sum(\"{field}\"), 0)::numeric::text, coalesce(sum(\"{field}\"), 0)::numeric = $1::text::numeric \
             FROM stage_{} WHERE origin = ANY($2)",
            self.dataset.name
        );
        let row = self.transaction.query_one(&query, &[&total, &origins]).await?;
        Ok(if row.get(1) { Ok(()) } else { Err(row.get(0)) })
    }

    pub fn columns(&self, alias: &str) -> String {
        self.dataset.columns().map(|field| format!("{alias}\"{}\"", field.name)).collect::<Vec<_>>().join(", ")
    }

    pub fn keys(&self, each: impl Fn(&str) -> String) -> Vec<String> {
        self.dataset.key.iter().map(|key| each(key)).collect()
    }

    pub async fn run(&self, sql: &str) -> Result<(), DbError> {
        Ok(self.transaction.batch_execute(sql).await?)
    }

    /// The first rows of a query whose first columns are those of a place, and the number of further rows.
    pub(super) async fn found<T>(
        &self,
        query: &str,
        values: &[&(dyn ToSql + Sync)],
        read: fn(&Row) -> T,
    ) -> Result<Excerpt<T>, DbError> {
        let first = format!("SELECT *, count(*) OVER () AS found FROM ({query}) q ORDER BY {PLACE} LIMIT {FAULTS}");
        let rows = self.transaction.query(&first, values).await?;
        let found = rows.first().map_or(0, |row| usize::try_from(row.get::<_, i64>("found")).unwrap_or_default());
        Ok(Excerpt { listed: rows.iter().map(read).collect(), more: found.saturating_sub(rows.len()) })
    }
}

/// The place in the first four columns of a row.
pub fn place(row: &Row) -> RowLocation {
    RowLocation {
        origin: usize::try_from(row.get::<_, i32>(0)).unwrap_or_default(),
        line: u64::try_from(row.get::<_, i64>(1)).unwrap_or_default(),
        cell: usize::try_from(row.get::<_, i32>(2)).ok(),
        value: row.get(3),
    }
}
