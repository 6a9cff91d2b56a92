//! Owns the keys: kept by the hash of their token, looked up for every publication so that a key that was revoked is
//! of no more use anywhere, and audited in the transaction that makes or revokes them.
//! Must not know tokens or what scopes mean.

use chrono::{DateTime, Utc};
use serde_json::json;
use tokio_postgres::{Client, GenericClient, Row};

use super::audit::{self, Action, Entry, Outcome};
use crate::db::DbError;

/// A key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// What it admits.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is of no more use.
    pub expires_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Whether it is of use now, by the database's clock, which all servers share.
    pub valid: bool,
}

const COLUMNS: &str = "name, scopes, created_at, expires_at, revoked_at, revoked_at IS NULL AND expires_at > clock_timestamp()";

fn key(row: &Row) -> Key {
    Key {
        name: row.get(0),
        scopes: row.get(1),
        created_at: row.get(2),
        expires_at: row.get(3),
        revoked_at: row.get(4),
        valid: row.get(5),
    }
}

/// The key with this hash of a token, of use or not.
///
/// # Errors
/// The database's.
pub async fn find(client: &impl GenericClient, hash: &[u8]) -> Result<Option<Key>, DbError> {
    Ok(client.query_opt(&format!("SELECT {COLUMNS} FROM keys WHERE hash = $1"), &[&hash]).await?.as_ref().map(key))
}

/// Every key, the oldest first.
///
/// # Errors
/// The database's.
pub async fn list(client: &impl GenericClient) -> Result<Vec<Key>, DbError> {
    Ok(client.query(&format!("SELECT {COLUMNS} FROM keys ORDER BY created_at, name"), &[]).await?.iter().map(key).collect())
}

/// Adds a key; false when the name has been given before.
///
/// # Errors
/// The database's; then there is no key.
pub async fn create(
    client: &mut Client,
    name: &str,
    hash: &[u8],
    scopes: &[String],
    expires_at: DateTime<Utc>,
) -> Result<bool, DbError> {
    let transaction = client.transaction().await?;
    let added = transaction
        .execute(
            "INSERT INTO keys (name, hash, scopes, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING",
            &[&name, &hash, &scopes, &expires_at],
        )
        .await?;
    if added == 0 {
        return Ok(false);
    }
    let detail = json!({"key": name, "scopes": scopes, "expires_at": expires_at.to_rfc3339()});
    audit::record(&transaction, &Entry::command(Action::KeyCreate, Outcome::Created, detail)).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Revokes a key; false when there is none of that name that has not been.
///
/// # Errors
/// The database's; then nothing has changed.
pub async fn revoke(client: &mut Client, name: &str) -> Result<bool, DbError> {
    let transaction = client.transaction().await?;
    let revoked = transaction
        .execute("UPDATE keys SET revoked_at = clock_timestamp() WHERE name = $1 AND revoked_at IS NULL", &[&name])
        .await?;
    if revoked == 0 {
        return Ok(false);
    }
    audit::record(&transaction, &Entry::command(Action::KeyRevoke, Outcome::Revoked, json!({"key": name}))).await?;
    transaction.commit().await?;
    Ok(true)
}
