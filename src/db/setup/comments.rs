//! Owns the comments of the tables and columns of datasets in the database: what the registry says of each. Those of all other
//! tables, columns and functions stand in the migrations.
//! Must not know any one dataset.

use super::migrations::MIGRATIONS_TABLE;
use crate::db::DbError;
use crate::db::connection::config::Client;
use crate::query::Dataset;

/// The columns that every table of versions has beside the fields of its dataset.
const VERSION: [(&str, &str); 2] = [
    ("first_release", "The release that published this version of the row."),
    ("last_release", "The last release that has this version of the row; null while it is current."),
];

/// The table that Diesel makes, and its columns.
const MIGRATIONS: [(&str, &str); 3] = [
    ("", "The migrations that were run. Diesel writes it."),
    ("version", "The number of the migration: its day, and its place."),
    ("run_on", "When it was run, UTC."),
];

/// The statements that give tables and columns another comment than they have. A table is a column without a name. What is not
/// there, or belongs to another role, is left out.
const STATEMENTS: &str = "\
SELECT format(CASE WHEN w.col <> '' THEN 'COMMENT ON COLUMN %1$I.%2$I.%3$I IS %4$L' WHEN c.relkind = 'v' THEN 'COMMENT ON VIEW %1$I.%2$I IS %4$L' \
 ELSE 'COMMENT ON TABLE %1$I.%2$I IS %4$L' END, current_schema(), w.tab, w.col, w.comment) \
FROM unnest($1::text[], $2::text[], $3::text[]) AS w(tab, col, comment) \
JOIN pg_class c ON c.relname = w.tab AND c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'v') \
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = w.col AND NOT a.attisdropped \
WHERE (w.col = '' OR a.attnum > 0) AND pg_has_role(c.relowner, 'USAGE') \
 AND col_description(c.oid, coalesce(a.attnum, 0)) IS DISTINCT FROM w.comment";

/// Gives every table, view and column of a dataset the description that the registry has of it, and returns how many had another.
/// One query if none has.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement; then nothing has changed.
pub async fn apply(owner: &Client, registry: &'static [&'static Dataset]) -> Result<usize, DbError> {
    let mut wanted: Vec<(&str, &str, &str)> = Vec::new();
    for dataset in registry {
        wanted.push((dataset.name, "", dataset.description));
        let others = dataset.tables().filter(|table| *table != dataset.name);
        for table in std::iter::once(dataset.name).chain(others) {
            wanted.extend(dataset.fields.iter().map(|field| (table, field.name, field.description)));
            wanted.extend(VERSION.map(|(column, comment)| (table, column, comment)));
        }
    }
    wanted.extend(MIGRATIONS.map(|(column, comment)| (MIGRATIONS_TABLE, column, comment)));
    let columns =
        |pick: fn(&(&'static str, &'static str, &'static str)) -> &'static str| wanted.iter().map(pick).collect::<Vec<_>>();
    let (tables, names, comments) = (columns(|one| one.0), columns(|one| one.1), columns(|one| one.2));
    let rows = owner.query(STATEMENTS, &[&tables, &names, &comments]).await?;
    let statements: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    if !statements.is_empty() {
        owner.batch_execute(&statements.join(";\n")).await?;
    }
    Ok(statements.len())
}
