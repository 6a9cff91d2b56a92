//! Owns what a dry run works on: copies of the tables that it would change. It takes no lock that a publication waits for, and
//! leaves no dead rows in the tables.
//! Must not know what a dry run checks.

use super::release_writer::ReleaseWriter;
use crate::db::DbError;
use crate::query::{Dataset, Storage};

/// The columns of a table that are not generated, in order.
const COLUMNS: &str = "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute \
                       WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''";

/// The unique indexes of a table, each from its method on. The others only make reads of much data faster.
const UNIQUE: &str = "SELECT substring(pg_get_indexdef(indexrelid) FROM ' USING .*') FROM pg_index \
                      WHERE indrelid = $1::text::regclass AND indisunique";

/// The table of the reasons of withdrawals.
const WITHDRAWALS: &str = "withdrawals";

impl ReleaseWriter<'_> {
    /// Copies the tables of these datasets, and those that follow from them, into temporary tables of the same names, which come
    /// first in every later statement of the transaction. Returns the number that the next release would have.
    ///
    /// The copies cost time in proportion to the tables, not to what the publication changes.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn copy_tables(&self, datasets: &[&'static Dataset]) -> Result<i32, DbError> {
        let transaction = self.transaction();
        let number = self.next_number().await?;
        let schema: String = transaction.query_one("SELECT quote_ident(current_schema())", &[]).await?.get(0);
        let (mut create, mut copy, mut index) = (String::new(), Vec::new(), String::new());
        let mut views = String::new();
        for view in datasets.iter().filter(|dataset| matches!(dataset.storage, Storage::Series { .. })) {
            // Its text names the tables without their schema, so that the view of the copies reads the copies.
            let select: String = transaction.query_one("SELECT pg_get_viewdef($1::text::regclass)", &[&view.name]).await?.get(0);
            views.push_str(&format!("CREATE TEMP VIEW \"{}\" AS {select};", view.name));
        }
        for table in datasets.iter().flat_map(|dataset| dataset.tables()).chain([WITHDRAWALS]) {
            let original = format!("{schema}.\"{table}\"");
            let columns: String = transaction.query_one(COLUMNS, &[&original]).await?.get(0);
            create.push_str(&format!(
                "CREATE TEMP TABLE \"{table}\" (LIKE {original} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED) \
                 ON COMMIT DROP;"
            ));
            copy.push(format!(
                "copied_{table} AS (INSERT INTO pg_temp.\"{table}\" ({columns}) SELECT {columns} FROM {original})"
            ));
            for unique in transaction.query(UNIQUE, &[&original]).await? {
                index.push_str(&format!("CREATE UNIQUE INDEX ON pg_temp.\"{table}\" {};", unique.get::<_, &str>(0)));
            }
            index.push_str(&format!("ANALYZE pg_temp.\"{table}\";"));
        }
        transaction.batch_execute(&create).await?;
        transaction.batch_execute(&views).await?;
        // One statement sees one state of all tables.
        transaction.batch_execute(&format!("WITH {} SELECT 1", copy.join(", "))).await?;
        transaction.batch_execute(&index).await?;
        Ok(number)
    }

    /// Copies the current rows of a derived dataset that meet a condition on `t`, in a dry run: those that it computes again.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn copy_rows(&self, dataset: &'static Dataset, condition: &str) -> Result<(), DbError> {
        if !self.is_dry_run() {
            return Ok(());
        }
        let (transaction, table) = (self.transaction(), dataset.name);
        let schema: String = transaction.query_one("SELECT quote_ident(current_schema())", &[]).await?.get(0);
        let original = format!("{schema}.\"{table}\"");
        let columns: String = transaction.query_one(COLUMNS, &[&original]).await?.get(0);
        let copy = format!(
            "CREATE TEMP TABLE \"{table}\" (LIKE {original} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED) \
             ON COMMIT DROP; INSERT INTO pg_temp.\"{table}\" ({columns}) \
             SELECT {columns} FROM {original} t WHERE t.last_release IS NULL AND {condition}; ANALYZE pg_temp.\"{table}\""
        );
        Ok(transaction.batch_execute(&copy).await?)
    }
}
