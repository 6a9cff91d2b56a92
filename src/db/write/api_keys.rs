//! Owns the API keys: stored by the hash of their token, read for every publication so that a revoked key stops working
//! at once on every server, and audited in the transaction that makes or revokes them.
//! Must not know tokens or what scopes mean.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::audit::{self, Action, AuditEntry};
use crate::db::DbError;
use crate::db::connection::config::{Client, GenericClient};
use crate::db::connection::diesel_client::DieselClient;
use crate::db::schema::keys;
use crate::db::sql::functions::clock_timestamp;
use crate::query::Dataset;

/// An API key.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Its name.
    pub name: String,
    /// What it permits, as text.
    pub scopes: Vec<String>,
    /// The publisher of the releases that are made with it.
    pub publisher: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Whether it is neither revoked nor expired now, by the database's clock, which all servers share.
    pub valid: bool,
}

type ApiKeyRow = (String, Vec<Option<String>>, String, DateTime<Utc>, DateTime<Utc>, Option<DateTime<Utc>>, bool);

impl From<ApiKeyRow> for ApiKey {
    fn from((name, scopes, publisher, created_at, expires_at, revoked_at, valid): ApiKeyRow) -> Self {
        Self { name, scopes: scopes.into_iter().flatten().collect(), publisher, created_at, expires_at, revoked_at, valid }
    }
}

/// The columns of a [`ApiKey`].
#[diesel::dsl::auto_type(no_type_alias)]
fn columns() -> _ {
    let valid = keys::revoked_at.is_null().and(keys::expires_at.gt(clock_timestamp()));
    (keys::name, keys::scopes, keys::publisher, keys::created_at, keys::expires_at, keys::revoked_at, valid)
}

/// The key with this hash of a token, whether it is valid or not.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub async fn find<C: GenericClient + Sync>(client: &C, hash: &[u8]) -> Result<Option<ApiKey>, DbError> {
    let key = keys::table.filter(keys::hash.eq(hash)).select(columns());
    let found: Option<ApiKeyRow> = key.get_result(&mut DieselClient(client)).await.optional()?;
    Ok(found.map(ApiKey::from))
}

/// The codes of all current rows of a dataset: the sources that scopes can name.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub async fn sources<C: GenericClient + Sync>(client: &C, dataset: &'static Dataset) -> Result<Vec<String>, DbError> {
    let query = format!("SELECT code FROM \"{}\" WHERE last_release IS NULL", dataset.name);
    Ok(client.query(&query, &[]).await?.iter().map(|row| row.get(0)).collect())
}

/// A key in a transaction that publishes with it. Its row stays locked to the end of the transaction, so that a revocation comes
/// before the look, or after the commit.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses the statement.
pub async fn hold<C: GenericClient + Sync>(client: &C, name: &str) -> Result<Option<ApiKey>, DbError> {
    let key = keys::table.filter(keys::name.eq(name)).select(columns()).for_share();
    let found: Option<ApiKeyRow> = key.get_result(&mut DieselClient(client)).await.optional()?;
    Ok(found.map(ApiKey::from))
}

/// Every key, the oldest first.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub async fn list<C: GenericClient + Sync>(client: &C) -> Result<Vec<ApiKey>, DbError> {
    let all = keys::table.order((keys::created_at, keys::name)).select(columns());
    let found: Vec<ApiKeyRow> = all.load(&mut DieselClient(client)).await?;
    Ok(found.into_iter().map(ApiKey::from).collect())
}

/// A new key.
#[derive(Clone, Copy, Debug)]
pub struct NewKey<'k> {
    /// Its name.
    pub name: &'k str,
    /// The SHA-256 of its token.
    pub hash: &'k [u8],
    /// What it permits.
    pub scopes: &'k [String],
    /// The publisher of the releases that are made with it.
    pub publisher: &'k str,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

/// Adds a key. Returns false if a key has had this name before.
///
/// # Errors
/// Returns an error if the database cannot be reached; then there is no key.
pub async fn create(client: &mut Client, key: NewKey<'_>) -> Result<bool, DbError> {
    let NewKey { name, hash, scopes, publisher, expires_at } = key;
    let transaction = client.transaction().await?;
    let key = (
        keys::name.eq(name),
        keys::hash.eq(hash),
        keys::scopes.eq(scopes),
        keys::publisher.eq(publisher),
        keys::expires_at.eq(expires_at),
    );
    let insert = diesel::insert_into(keys::table).values(key).on_conflict(keys::name).do_nothing();
    let added = insert.execute(&mut DieselClient(&transaction)).await?;
    if added == 0 {
        return Ok(false);
    }
    // The audit proves the key: `verify` compares this digest with that of the stored row.
    let made = transaction.query_one("SELECT key_digest(k) FROM keys k WHERE k.name = $1", &[&name]).await?;
    let sha256: String = made.get(0);
    let expires_at = expires_at.to_rfc3339();
    let detail = json!({"key": name, "scopes": scopes, "publisher": publisher, "expires_at": expires_at, "sha256": sha256});
    audit::record(&transaction, &AuditEntry::command(Action::KeyCreate, detail)).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Revokes a key. Returns false if no key has this name, or if it is revoked already.
///
/// # Errors
/// Returns an error if the database cannot be reached; then nothing has changed.
pub async fn revoke(client: &mut Client, name: &str) -> Result<bool, DbError> {
    let transaction = client.transaction().await?;
    let key = keys::table.filter(keys::name.eq(name)).filter(keys::revoked_at.is_null());
    let update = diesel::update(key).set(keys::revoked_at.eq(clock_timestamp().nullable()));
    let revoked = update.execute(&mut DieselClient(&transaction)).await?;
    if revoked == 0 {
        return Ok(false);
    }
    audit::record(&transaction, &AuditEntry::command(Action::KeyRevoke, json!({"key": name}))).await?;
    transaction.commit().await?;
    Ok(true)
}
