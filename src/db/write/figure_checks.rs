//! Owns the checks of figures against their indicators: bounds, decimals, and the unit that a recipe reads.
//! Must not know where the rows come from.

use super::staging::{Excerpt, PLACE, RowLocation, Stage, place};
use crate::db::DbError;
use crate::db::connection::config::ToSql;
use crate::query::Dataset;

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

    /// The staged indicators whose bounds changed in release `number` and leave out figures that an earlier release
    /// published and that stay current, or every figure. Each has an explanation.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn excluding_bounds(
        &self,
        figures: &'static Dataset,
        number: i32,
    ) -> Result<Excerpt<(RowLocation, String)>, DbError> {
        let Some((by, _)) = figures.named() else { return Ok(Excerpt { listed: Vec::new(), more: 0 }) };
        let (indicators, figures) = (self.dataset.name, figures.name);
        let query = format!(
            "SELECT {PLACE}, concat(s.minimum, ' … ', s.maximum), CASE WHEN s.minimum > s.maximum THEN 'is empty: the minimum is above the maximum' \
             ELSE concat('excludes current figures of ', s.code, ', which run from ', o.least, ' to ', o.most) END \
             FROM stage_{indicators} s LEFT JOIN LATERAL (SELECT t.minimum, t.maximum FROM \"{indicators}\" t \
             WHERE t.code = s.code AND t.first_release < {number} ORDER BY t.first_release DESC LIMIT 1) t ON true \
             CROSS JOIN LATERAL (SELECT min(o.value) AS least, max(o.value) AS most FROM \"{figures}\" o \
             WHERE o.\"{by}\" = s.code AND o.last_release IS NULL AND o.first_release < {number} \
             AND (s.minimum IS DISTINCT FROM t.minimum OR s.maximum IS DISTINCT FROM t.maximum)) o \
             WHERE s.minimum > s.maximum OR o.least < s.minimum OR o.most > s.maximum"
        );
        self.found(&query, &[], |row| (place(row), row.get(4))).await
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
