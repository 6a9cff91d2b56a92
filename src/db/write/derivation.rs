//! Owns the rows of a derived dataset in a release: those that can have changed are computed and compared.
//! Must not know when a dataset is derived, nor from what.

use super::release_writer::ReleaseWriter;
use super::staging::Stage;
use crate::db::DbError;
use crate::db::sql::derivations;
use crate::publication::Effect;
use crate::query::{Dataset, Derivation};

/// Writes the rows of a derived dataset that release `number` changes. Returns `None` if nothing that it is derived from has
/// changed. In a dry run the table must not have been copied.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn derive(
    publication: &ReleaseWriter<'_>,
    dataset: &'static Dataset,
    derivation: Derivation,
    number: i32,
) -> Result<Option<Effect>, DbError> {
    let transaction = publication.transaction();
    let (table, territory) = (dataset.name, dataset.territory.unwrap_or("code"));
    let published = derivations::published(dataset).unwrap_or("true");
    let count = async |rows: &str| -> Result<i64, DbError> {
        let count = format!("SELECT count(*) FROM \"{table}\" t WHERE t.last_release IS NULL AND {published} AND {rows}");
        Ok(transaction.query_one(&count, &[]).await?.get(0))
    };
    // A table has rows that are none of the dataset.
    let any = format!("SELECT EXISTS (SELECT 1 FROM \"{table}\" WHERE last_release IS NULL)");
    if !transaction.query_one(&any, &[]).await?.get::<_, bool>(0) {
        publication.copy_rows(dataset, "false").await?;
        return fill(publication, dataset, derivation, number).await.map(Some);
    }
    let moved = transaction.query(derivations::moved(derivation), &[&number]).await?;
    let moved: Vec<String> = moved.iter().map(|row| row.get(0)).collect();
    if moved.is_empty() {
        return Ok(None);
    }
    transaction.batch_execute("CREATE TEMP TABLE stage_moved (code text COLLATE \"C\" PRIMARY KEY) ON COMMIT DROP").await?;
    transaction.execute("INSERT INTO stage_moved SELECT unnest($1::text[])", &[&moved]).await?;
    transaction.batch_execute("ANALYZE stage_moved").await?;
    let in_moved = format!("t.\"{territory}\" IN (SELECT code FROM stage_moved)");
    let (all, others) = (count("true").await?, count(&format!("NOT {in_moved}")).await?);
    // If more than half may change, it costs less to compute and to compare all.
    let (select, rows, scope, others) = match 2 * others > all {
        true => (derivations::select_moved(derivation), in_moved.as_str(), vec![(territory, moved)], others),
        false => (derivations::select(derivation), "true", Vec::new(), 0),
    };
    // The rows from before are read before a dry run replaces the table by a copy of some.
    let stage = Stage::create(transaction, dataset).await?;
    stage.derive(select).await?;
    publication.copy_rows(dataset, rows).await?;
    let effect = stage.merge(number, &[scope]).await?;
    publication.analyze(dataset, effect.written()).await?;
    transaction.batch_execute("DROP TABLE stage_moved").await?;
    let unchanged = effect.unchanged + u64::try_from(others).unwrap_or_default();
    Ok(Some(Effect { unchanged, ..effect }))
}

/// Computes all rows of a table that has none. They need not be compared with any.
async fn fill(
    publication: &ReleaseWriter<'_>,
    dataset: &'static Dataset,
    derivation: Derivation,
    number: i32,
) -> Result<Effect, DbError> {
    let transaction = publication.transaction();
    let (table, select) = (dataset.name, derivations::select(derivation));
    let columns = dataset.columns().map(|field| format!("\"{}\"", field.name)).collect::<Vec<_>>().join(", ");
    let order = dataset.key.iter().map(|key| format!("\"{key}\"")).collect::<Vec<_>>().join(", ");
    let insert = format!(
        "INSERT INTO \"{table}\" ({columns}, first_release) SELECT {columns}, {number} FROM ({select}) derived ORDER BY {order}"
    );
    let written = transaction.execute(&insert, &[]).await?;
    let published = derivations::published(dataset).unwrap_or("true");
    let added = format!("SELECT count(*) FROM \"{table}\" t WHERE t.first_release = {number} AND {published}");
    let added: i64 = transaction.query_one(&added, &[]).await?.get(0);
    publication.analyze(dataset, written).await?;
    let added = u64::try_from(added).unwrap_or_default();
    Ok(Effect { dataset: table.to_owned(), added, changed: 0, withdrawn: 0, unchanged: 0 })
}
