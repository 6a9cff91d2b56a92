//! Owns the checks of staged figures against their indicators: bounds, decimals, and the unit that a recipe reads.
//! Must not know where the rows come from.

use super::staging::{Excerpt, PLACE, RowLocation, Stage, place};
use crate::db::DbError;
use crate::db::connection::config::ToSql;

impl Stage<'_, '_> {
    /// The values outside the bounds of their indicators, each with the bounds; for observations only.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn out_of_bounds(&self) -> Result<Excerpt<(RowLocation, String)>, DbError> {
        self.judged(
            "s.value < i.minimum OR s.value > i.maximum",
            &[],
            "concat(i.code, ' admits ', coalesce('at least ' || i.minimum, ''), CASE WHEN i.minimum IS NOT NULL AND i.maximum IS NOT NULL THEN ' and ' ELSE '' END, coalesce('at most ' || i.maximum, ''))",
        )
        .await
    }

    /// The values with more decimals than their indicators have; for observations only.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn too_precise(&self) -> Result<Excerpt<(RowLocation, String)>, DbError> {
        self.judged(
            "scale(trim_scale(s.value)) > i.decimals",
            &[],
            "concat('values of ', i.code, ' have at most ', i.decimals, ' decimal(s)')",
        )
        .await
    }

    /// The values of a file whose indicators have another unit or multiplier than these; for observations only.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn other_units(
        &self,
        origin: usize,
        (unit, multiplier): (&str, i32),
    ) -> Result<Excerpt<(RowLocation, String)>, DbError> {
        let origin = i32::try_from(origin).unwrap_or(i32::MAX);
        self.judged(
            "s.origin = $1 AND (i.unit_code, i.unit_multiplier) <> ($2, $3)",
            &[&origin, &unit, &multiplier],
            "concat(i.code, ' is counted in ', i.unit_code, CASE WHEN i.unit_multiplier <> 0 THEN ' × 10^' || i.unit_multiplier END)",
        )
        .await
    }

    /// The rows that meet a condition on the row (`s`) and its indicator (`i`), each with an explanation.
    async fn judged(
        &self,
        condition: &str,
        values: &[&(dyn ToSql + Sync)],
        why: &str,
    ) -> Result<Excerpt<(RowLocation, String)>, DbError> {
        let Some((by, indicators)) = self.dataset.named() else { return Ok(Excerpt { listed: Vec::new(), more: 0 }) };
        let query = format!(
            "SELECT {PLACE}, coalesce(s.value::text, ''), {why} FROM stage_{} s \
             JOIN \"{indicators}\" i ON i.code = s.\"{by}\" AND i.last_release IS NULL WHERE {condition}",
            self.dataset.name
        );
        self.found(&query, values, |row| (place(row), row.get(4))).await
    }
}
