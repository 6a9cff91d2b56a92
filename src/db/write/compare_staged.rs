//! Owns the comparison of staged rows with the rows of a release.
//! Must not know where the rows come from.

use super::staging::Stage;
use crate::db::DbError;
use crate::db::sql::text;

/// The most rows that are listed.
const LISTED: usize = 20;

/// The result of a comparison.
#[derive(Debug)]
pub struct StagedComparison {
    /// Staged rows.
    pub rows: u64,
    /// Rows that the release has, and that a later release closed.
    pub superseded: u64,
    /// The first rows that the release does not have, or has with other values: code and detail.
    pub faults: Vec<(String, String)>,
    /// How many such rows there are.
    pub fault_count: u64,
}

impl Stage<'_, '_> {
    /// Compares the staged rows with those that are visible at a release.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn compare_with_release(&self, release: i32) -> Result<StagedComparison, DbError> {
        let (table, code) = (self.dataset.name, text::code_of(self.dataset, "s"));
        self.run(&format!("ANALYZE stage_{table}")).await?;
        let same = self.keys(|key| format!("t.\"{key}\" = s.\"{key}\"")).join(" AND ");
        let joined = format!("FROM stage_{table} s LEFT JOIN \"{table}\" t ON {same} AND {}", text::of_release("t", release));
        let fields: Vec<String> = self
            .dataset
            .columns()
            .map(|field| format!("CASE WHEN t.\"{0}\" IS DISTINCT FROM s.\"{0}\" THEN '{0}' END", field.name))
            .collect();
        let (theirs, ours) = (self.columns("s."), self.columns("t."));
        let counted = format!(
            "SELECT count(*), count(t.last_release), \
             count(*) FILTER (WHERE t.first_release IS NULL OR ROW({ours}) IS DISTINCT FROM ROW({theirs})) {joined}"
        );
        let row = self.transaction.query_one(&counted, &[]).await?;
        let number = |at: usize| u64::try_from(row.get::<_, i64>(at)).unwrap_or_default();
        let fault_count = number(2);
        let mut faults = Vec::new();
        if fault_count > 0 {
            let query = format!(
                "SELECT {code}, CASE WHEN t.first_release IS NULL THEN 'is in the bundled files, and not in the database' \
                 ELSE 'differs from the bundled files in ' || array_to_string(ARRAY[{}], ', ') END {joined} \
                 WHERE t.first_release IS NULL OR ROW({ours}) IS DISTINCT FROM ROW({theirs}) ORDER BY 1 LIMIT {LISTED}",
                fields.join(", ")
            );
            let rows = self.transaction.query(&query, &[]).await?;
            faults = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        }
        Ok(StagedComparison { rows: number(0), superseded: number(1), faults, fault_count })
    }
}
