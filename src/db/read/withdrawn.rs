//! Owns the reason why no row has a code at a release: its row was withdrawn, is of a later release, or never existed.
//! Must not know how the answer is shown.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::codes;
use crate::db::ReadingConnection;
use crate::db::schema::{releases, withdrawals};
use crate::query::Dataset;
use crate::query::Release;

/// Why no row has a code at a release.
#[derive(Clone, Debug)]
pub enum MissingCode {
    /// Its row was withdrawn.
    Withdrawn(RowWithdrawal),
    /// A row has it from this release on. Holds the most similar codes too.
    Later(i32, Vec<String>),
    /// No row has ever had it. Holds the most similar codes.
    Never(Vec<String>),
}

/// How a row was withdrawn.
#[derive(Clone, Debug)]
pub struct RowWithdrawal {
    /// The release that withdrew it.
    pub release: Release,
    /// The reason, in French; the title of the release if none is recorded.
    pub reason: String,
    /// The code of the row that replaces it.
    pub successor_code: Option<String>,
}

/// Finds out why no row of the dataset has a code at the release. The last release of a withdrawn row is the one before the
/// release that withdrew it.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn missing_code(
    connection: &ReadingConnection,
    dataset: &'static Dataset,
    code: String,
    release: i32,
) -> QueryResult<MissingCode> {
    Ok(match known_code(connection, dataset, &code, release).await? {
        Ok(withdrawal) => MissingCode::Withdrawn(withdrawal),
        Err(later) => {
            let closest = codes::closest(connection, dataset, code, release).await?;
            later.map_or_else(|| MissingCode::Never(closest.clone()), |later| MissingCode::Later(later, closest.clone()))
        }
    })
}

/// Finds the withdrawal of the row with a code that no row has at the release; else the later release that has such a row, if
/// there is one.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn known_code(
    mut connection: &ReadingConnection,
    dataset: &'static Dataset,
    code: &str,
    release: i32,
) -> QueryResult<Result<RowWithdrawal, Option<i32>>> {
    if dataset.split_code(code).is_none() {
        return Ok(Err(None));
    }
    let versions = codes::versions(connection, dataset, code).await?;
    let last = versions.iter().filter_map(|version| Some((version.last_release?, &version.code)));
    if let Some((last, code)) = last.filter(|(last, _)| *last < release).max() {
        let withdrawn =
            withdrawals::dataset.eq(dataset.name).and(withdrawals::code.eq(code)).and(withdrawals::release.eq(releases::number));
        let released = releases::table.find(last + 1).left_join(withdrawals::table.on(withdrawn)).select((
            (releases::number, releases::published_at),
            releases::title,
            (withdrawals::reason, withdrawals::successor_code).nullable(),
        ));
        if let Some(((number, published_at), title, recorded)) = released.get_result(&mut connection).await.optional()? {
            let (release, recorded): (Release, Option<(String, Option<String>)>) = (Release { number, published_at }, recorded);
            let (reason, successor_code) = recorded.unwrap_or((title, None));
            return Ok(Ok(RowWithdrawal { release, reason, successor_code }));
        }
    }
    Ok(Err(versions.iter().map(|version| version.first_release).filter(|first| *first > release).min()))
}
