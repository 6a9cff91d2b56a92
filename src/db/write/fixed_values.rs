//! Owns the search for staged rows that change a value which is fixed, because rows of an earlier release refer to them.
//! Must not know which fields are fixed.

use super::staging::{Excerpt, RowLocation, Stage, place};
use crate::db::DbError;
use crate::query::Field;

/// A value that a staged row changes and must not.
#[derive(Debug)]
pub struct FixedValue {
    /// The staged row, with its new value.
    pub place: RowLocation,
    /// The code of the row.
    pub code: String,
    /// The value that earlier releases have; empty if they have none.
    pub before: String,
    /// The first release with a row that refers to it.
    pub since: i32,
}

impl Stage<'_, '_> {
    /// The staged rows whose `field` differs from that of the last version before release `number`, withdrawn or not, and to
    /// which a row of an earlier release refers, current or not.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn changed_fixed_values(&self, field: &Field, number: i32) -> Result<Excerpt<FixedValue>, DbError> {
        let Some((referring, by)) = field.fixed_by else { return Ok(Excerpt { listed: Vec::new(), more: 0 }) };
        let (table, name) = (self.dataset.name, field.name);
        let query = format!(
            "SELECT s.origin, s.line, s.cell, coalesce(s.\"{name}\"::text, ''), s.code, coalesce(t.\"{name}\"::text, '') AS before, since \
             FROM stage_{table} s \
             CROSS JOIN LATERAL (SELECT t.\"{name}\" FROM \"{table}\" t WHERE t.code = s.code AND t.first_release < {number} \
             ORDER BY t.first_release DESC LIMIT 1) t \
             CROSS JOIN LATERAL (SELECT min(r.first_release) AS since FROM \"{referring}\" r \
             WHERE r.\"{by}\" = s.code AND r.first_release < {number}) r \
             WHERE t.\"{name}\" IS DISTINCT FROM s.\"{name}\" AND since IS NOT NULL"
        );
        self.found(&query, &[], |row| FixedValue {
            place: place(row),
            code: row.get("code"),
            before: row.get("before"),
            since: row.get("since"),
        })
        .await
    }
}
