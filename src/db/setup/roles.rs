//! Owns the privileges of the role that serves: it reads everything, adds rows and closes them, and cannot change or delete
//! history. Triggers refuse that to every role, but the owner of a table can drop its triggers; this role cannot.
//! Must not know where roles are configured.

use super::migrations::MIGRATIONS_TABLE;
use crate::db::DbError;
use crate::db::connection::config::{Client, Database};
use crate::query::{Dataset, RowOrigin, Storage};

/// The tables that are no datasets, each with the privileges of the role beside SELECT.
const FIXED: [(&str, Option<&str>); 8] = [
    ("withdrawals", Some("INSERT")),
    ("audit", Some("INSERT")),
    // Only triggers write both, with the rights of their owner.
    ("audit_head", None),
    ("release_digests", None),
    ("release_files", Some("INSERT")),
    ("keys", Some("INSERT, UPDATE (revoked_at)")),
    ("publications", Some("INSERT, UPDATE")),
    (MIGRATIONS_TABLE, None),
];

const ROLE: &str = "SELECT 1 FROM pg_roles WHERE rolname = $1";

/// Creates the role that serves, with the password of its URL, unless it exists. The server gets a SCRAM verifier rather than
/// the password, since it may log the statement.
///
/// # Errors
/// Returns an error if the database cannot be reached, or if the owner may not create roles.
pub async fn ensure_role(owner: &Client, service: &Database) -> Result<(), DbError> {
    let Some(role) = service.role() else { return Ok(()) };
    if owner.query_opt(ROLE, &[&role]).await?.is_some() {
        return Ok(());
    }
    let verifier = service.password().map(postgres_protocol::password::scram_sha_256);
    let made = owner
        .query_one(
            "SELECT format('CREATE ROLE %I LOGIN', $1::text) || coalesce(format(' PASSWORD %L', $2::text), '')",
            &[&role, &verifier],
        )
        .await?;
    if let Err(error) = owner.batch_execute(made.get(0)).await {
        // Another process may have created it meanwhile.
        return match owner.query_opt(ROLE, &[&role]).await? {
            Some(_) => Ok(()),
            None => Err(DbError::Failed(format!("there is no role `{role}`, and it cannot be made ({})", DbError::from(error)))),
        };
    }
    log::info!("made the role {role}, which may add to what is published and change nothing");
    Ok(())
}

/// Every table and view with the privileges of the role that serves beside SELECT, as GRANT lists them.
pub fn privileges(registry: &'static [&'static Dataset]) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    let tables = registry.iter().map(|dataset| match dataset.rows {
        RowOrigin::Releases => (dataset.name, Some("INSERT")),
        RowOrigin::Published | RowOrigin::Derived { .. } => (dataset.versions_table(), Some("INSERT, UPDATE (last_release)")),
    });
    let of_series = registry.iter().flat_map(|dataset| match dataset.storage {
        Storage::Series { series, .. } => [Some((dataset.name, None)), Some((series, Some("INSERT")))],
        Storage::Table => [None, None],
    });
    tables.chain(of_series.flatten()).chain(FIXED)
}

/// Grants the role its privileges and revokes all others, in one transaction. Does nothing and returns false if the role is
/// the owner.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement; then nothing has changed.
pub async fn apply(owner: &mut Client, service: &Database, registry: &'static [&'static Dataset]) -> Result<bool, DbError> {
    let Some(role) = service.role() else { return Ok(false) };
    let known = "SELECT current_user = $1, quote_ident($1), quote_ident(current_schema()), \
                 pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = current_schema()";
    let row = owner.query_one(known, &[&role]).await?;
    let (same, role, schema, own): (bool, String, String, bool) = (row.get(0), row.get(1), row.get(2), row.get(3));
    if same {
        return Ok(false);
    }
    let mut statements = vec![format!("GRANT USAGE ON SCHEMA {schema} TO {role}")];
    if own {
        // Before Postgres 15 every role may create tables there.
        statements.push(format!("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"));
    }
    for (table, more) in privileges(registry) {
        let more = more.map_or(String::new(), |more| format!(", {more}"));
        statements.push(format!("REVOKE ALL ON \"{table}\" FROM {role}"));
        statements.push(format!("GRANT SELECT{more} ON \"{table}\" TO {role}"));
    }
    // A restored database has the privileges that Postgres gives by default.
    statements.push("REVOKE EXECUTE ON FUNCTION analyze_table(text) FROM PUBLIC".to_owned());
    statements.push(format!("GRANT EXECUTE ON FUNCTION analyze_table(text) TO {role}"));
    let transaction = owner.transaction().await?;
    transaction.batch_execute(&statements.join(";\n")).await?;
    transaction.commit().await?;
    Ok(true)
}
