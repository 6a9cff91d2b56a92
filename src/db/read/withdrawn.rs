//! Owns what became of a code that no row bears at a release: whether it was withdrawn, comes later, or never was.
//! Must not know how that is told.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::codes;
use crate::db::schema::{releases, withdrawals};
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
    let versions = codes::versions(connection, dataset, &code).await?;
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
            return Ok(Fate::Withdrawn(Withdrawal { release, reason, successor_code }));
        }
    }
    let later = versions.iter().map(|version| version.first_release).filter(|first| *first > release).min();
    let closest = codes::closest(connection, dataset, code, release).await?;
    Ok(match later {
        Some(later) => Fate::Later(later, closest),
        None => Fate::Never(closest),
    })
}
