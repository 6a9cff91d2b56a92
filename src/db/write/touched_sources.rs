//! Owns the questions whose rows a release touches: the sources of the rows that it opens and closes.
//! Must not know which sources are permitted.

use super::release_writer::ReleaseWriter;
use crate::db::DbError;
use crate::query::Dataset;

impl ReleaseWriter<'_> {
    /// The codes of the sources of all rows that release `number` opens or closes, and of the last versions of withdrawn rows
    /// whose keys it takes.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn touched_sources(&self, dataset: &'static Dataset, number: i32) -> Result<Vec<String>, DbError> {
        let Some(source) = dataset.source_field().map(|field| field.name) else { return Ok(Vec::new()) };
        let table = dataset.name;
        let same: Vec<String> = dataset.key.iter().map(|key| format!("e.\"{key}\" = t.\"{key}\"")).collect();
        let touched = format!("SELECT \"{source}\" FROM \"{table}\" WHERE first_release = $1 OR last_release = $1 - 1");
        let earlier = format!(
            " UNION SELECT earlier.\"{source}\" FROM \"{table}\" t CROSS JOIN LATERAL (SELECT e.\"{source}\" FROM \"{table}\" e \
             WHERE {same} AND e.first_release < $1 ORDER BY e.first_release DESC LIMIT 1) earlier WHERE t.first_release = $1",
            same = same.join(" AND ")
        );
        // The versions of a row have one source if the key names it.
        let earlier = if dataset.key.contains(&source) { "" } else { &earlier };
        let query = format!("{touched}{earlier} ORDER BY 1");
        let rows = self.transaction().query(&query, &[&number]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The codes of the sources of all current rows of `target` to which rows refer, by `field`, that release `number` opens.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn referred_sources(
        &self,
        dataset: &'static Dataset,
        field: &str,
        target: &'static Dataset,
        number: i32,
    ) -> Result<Vec<String>, DbError> {
        let Some(source) = target.source_field().map(|field| field.name) else { return Ok(Vec::new()) };
        let query = format!(
            "SELECT DISTINCT o.\"{source}\" FROM (SELECT DISTINCT \"{field}\" AS code FROM \"{}\" WHERE first_release = $1) t \
             JOIN \"{}\" o ON o.code = t.code AND o.last_release IS NULL ORDER BY 1",
            dataset.name, target.name
        );
        let rows = self.transaction().query(&query, &[&number]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }
}
