//! Owns what became of a code that no row bears at a release: whether it was withdrawn, comes later, or never was.
//! Must not know how that is told.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::codes;
use crate::db::sql::codes as sql_codes;
use crate::query::Dataset;
use crate::query::Release;

/// What became of a code.
#[derive(Clone, Debug)]
pub enum Fate {
    /// Its row was withdrawn.
    Withdrawn(Withdrawal),
    /// A row bears it from this release on; these codes come closest.
    Later(i32, Vec<String>),
    /// No row has ever borne it; these come closest.
    Never(Vec<String>),
}

/// Why there is no row any more.
#[derive(Clone, Debug)]
pub struct Withdrawal {
    /// The release that withdrew it.
    pub release: Release,
    /// The reason, in French; where none is recorded, the title of the release.
    pub reason: String,
    /// The code of what stands in its place.
    pub successor_code: Option<String>,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Nullable<Integer>)]
    later: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    number: Option<i32>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    published_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    successor_code: Option<String>,
}

/// What became of a code that no row of the dataset bears at the release. A row's last release is the one before that
/// which withdrew it.
///
/// # Errors
/// The database's.
pub async fn fate(
    mut connection: &AsyncPgConnection,
    dataset: &'static Dataset,
    code: String,
    release: i32,
) -> QueryResult<Fate> {
    if dataset.split_code(&code).is_none() {
        return codes::closest(connection, dataset, code, release).await.map(Fate::Never);
    }
    let (own, same, table) = (sql_codes::code_of(dataset, "t"), sql_codes::bears(dataset, "$1"), dataset.name);
    let query = format!(
        "WITH version AS (SELECT {own} AS code, t.first_release, t.last_release FROM \"{table}\" t WHERE {same}), \
         last AS (SELECT code, last_release + 1 AS release FROM version WHERE last_release < $2 ORDER BY last_release DESC LIMIT 1) \
         SELECT (SELECT min(first_release) FROM version WHERE first_release > $2) AS later, r.number, r.published_at, \
         coalesce(w.reason, r.title) AS reason, w.successor_code \
         FROM (SELECT 1) one LEFT JOIN last ON true LEFT JOIN releases r ON r.number = last.release \
         LEFT JOIN withdrawals w ON w.dataset = $3 AND w.code = last.code AND w.release = last.release"
    );
    let found: Found = diesel::sql_query(query)
        .bind::<Text, _>(&code)
        .bind::<Integer, _>(release)
        .bind::<Text, _>(table)
        .get_result(&mut connection)
        .await?;
    if let (Some(number), Some(published_at), Some(reason)) = (found.number, found.published_at, found.reason) {
        let release = Release { number, published_at };
        return Ok(Fate::Withdrawn(Withdrawal { release, reason, successor_code: found.successor_code }));
    }
    let closest = codes::closest(connection, dataset, code, release).await?;
    Ok(match found.later {
        Some(later) => Fate::Later(later, closest),
        None => Fate::Never(closest),
    })
}
