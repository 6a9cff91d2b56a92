//! Owns the digest of a release: two databases with equal digests hold the same rows.
//!
//! Canonical form, the same whatever the order of columns and whatever columns are added later:
//! - of a row: for each column that is neither null nor an instant, by name in byte order, the name, a tab, the value as
//!   `COPY` writes it (UTF-8, ISO dates, tabs and line ends escaped), a line end; then an empty line;
//! - of a dataset: the SHA-256 of the rows current at the release, in the order of the key, texts compared by bytes;
//! - of a release: the SHA-256 of a line `name rows digest` for each dataset that has rows, by name in byte order.
//!
//! Instants are left out since they say when a database was filled, not with what; first and last release too.
//! Must not know what the digests are compared with.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::db::DbError;
use crate::db::connection::config::Transaction;
use crate::db::sql::text;
use crate::query::{Dataset, Field, Kind};

/// The digest of one dataset at a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetDigest {
    /// The number of rows.
    pub rows: u64,
    /// SHA-256 of their canonical form, in hexadecimal.
    pub sha256: String,
}

/// The digest of all datasets at a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Number of the release.
    pub release: i32,
    /// SHA-256 of its canonical form, in hexadecimal.
    pub sha256: String,
    /// The datasets that have rows.
    pub datasets: BTreeMap<String, DatasetDigest>,
}

/// The digests of releases as a transaction sees them. Rows are streamed, not kept in memory.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn of(
    transaction: &Transaction<'_>,
    registry: &'static [&'static Dataset],
    releases: &[i32],
) -> Result<Vec<Digest>, DbError> {
    let mut digests = Vec::with_capacity(releases.len());
    for release in releases {
        digests.push(digest(transaction, registry, *release).await?);
    }
    Ok(digests)
}

async fn digest(transaction: &Transaction<'_>, registry: &'static [&'static Dataset], release: i32) -> Result<Digest, DbError> {
    transaction.batch_execute("SET LOCAL DateStyle = 'ISO'; SET LOCAL extra_float_digits = 1").await?;
    let mut datasets = BTreeMap::new();
    for dataset in registry {
        let part = part(transaction, dataset, release).await?;
        if part.rows > 0 {
            datasets.insert(dataset.name.to_owned(), part);
        }
    }
    let lines: String = datasets.iter().map(|(name, part)| format!("{name} {} {}\n", part.rows, part.sha256)).collect();
    Ok(Digest { release, sha256: hex::encode(Sha256::digest(lines.as_bytes())), datasets })
}

async fn part(transaction: &Transaction<'_>, dataset: &'static Dataset, release: i32) -> Result<DatasetDigest, DbError> {
    let mut fields: Vec<&Field> = dataset.columns().filter(|field| !matches!(field.kind, Kind::Timestamp)).collect();
    fields.sort_by_key(|field| field.name);
    let columns: Vec<String> = fields.iter().map(|field| format!("\"{}\"", field.name)).collect();
    let order: Vec<String> = dataset.key.iter().map(|key| format!("\"{key}\"")).collect();
    let copy = format!(
        "COPY (SELECT {} FROM \"{}\" t WHERE {} ORDER BY {}) TO STDOUT",
        columns.join(", "),
        dataset.name,
        text::of_release("t", release),
        order.join(", ")
    );
    let (mut digest, mut rows, mut rest) = (Sha256::new(), 0, Vec::new());
    let mut stream = std::pin::pin!(transaction.copy_out(&copy).await?);
    while let Some(chunk) = stream.try_next().await? {
        // Servers send a chunk for each line, but the protocol does not require it.
        rest.extend_from_slice(&chunk);
        let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for line in rest[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            rows += 1;
            for (field, cell) in fields.iter().zip(line.split(|byte| *byte == b'\t')).filter(|(_, cell)| *cell != b"\\N") {
                [field.name.as_bytes(), b"\t", cell, b"\n"].iter().for_each(|piece| digest.update(piece));
            }
            digest.update(b"\n");
        }
        rest.drain(..whole);
    }
    Ok(DatasetDigest { rows, sha256: hex::encode(digest.finalize()) })
}

/// The SHA-256 of the records of files, in hexadecimal: of a line `release/name digest length fields` for each, in order.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn of_files(transaction: &Transaction<'_>) -> Result<String, DbError> {
    let query = "SELECT format(E'%s/%s %s %s %s\\n', release, file, sha256, bytes, array_to_string(fields, ',')) FROM release_files \
                 ORDER BY release, file";
    let mut digest = Sha256::new();
    for row in transaction.query(query, &[]).await? {
        digest.update(row.get::<_, String>(0).as_bytes());
    }
    Ok(hex::encode(digest.finalize()))
}

/// The differences between digests of the same releases, one sentence for each. Other releases are ignored.
pub fn differences(before: &[Digest], now: &[Digest]) -> Vec<String> {
    let pairs = before.iter().filter_map(|old| Some((old, now.iter().find(|new| new.release == old.release)?)));
    let mut found = Vec::new();
    for (old, new) in pairs.filter(|(old, new)| old.sha256 != new.sha256) {
        let names: std::collections::BTreeSet<&String> = old.datasets.keys().chain(new.datasets.keys()).collect();
        for name in names.into_iter().filter(|name| old.datasets.get(*name) != new.datasets.get(*name)) {
            let rows = |digest: &Digest| digest.datasets.get(name).map_or(0, |part| part.rows);
            found.push(format!("release {}: {name} differs ({} rows, {} before)", old.release, rows(new), rows(old)));
        }
    }
    found
}
