//! Owns the lookup of releases: by number, by instant, and the one that a plan reads.
//! Must not know what is read from a release.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::ReadingConnection;
use crate::db::schema::releases;
use crate::query::{Plan, Release};

/// Why a plan has no release to read.
#[derive(Debug)]
pub enum ReleaseNotFound {
    /// No release has the requested number. Holds the newest number, or `None` before the first publication.
    NoRelease(Option<i32>),
    /// Nothing had been published at the requested instant. Holds the first release.
    BeforeFirst(Release),
    /// The newest release at the requested instant is this one, while the cursor holds another.
    OtherRelease(Release),
}

/// The release with this number, or the newest; `None` when there is none.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn release(mut connection: &ReadingConnection, number: Option<i32>) -> QueryResult<Option<Release>> {
    let columns = (releases::number, releases::published_at);
    let found: Option<(i32, DateTime<Utc>)> = match number {
        Some(number) => releases::table.find(number).select(columns).first(&mut connection).await.optional()?,
        None => releases::table.order(releases::number.desc()).select(columns).first(&mut connection).await.optional()?,
    };
    Ok(found.map(|(number, published_at)| Release { number, published_at }))
}

/// The newest release at an instant; `None` when there was none yet.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn release_at(mut connection: &ReadingConnection, instant: DateTime<Utc>) -> QueryResult<Option<Release>> {
    let known = releases::table.filter(releases::published_at.le(instant)).order(releases::number.desc());
    let columns = (releases::number, releases::published_at);
    let found: Option<(i32, DateTime<Utc>)> = known.select(columns).first(&mut connection).await.optional()?;
    Ok(found.map(|(number, published_at)| Release { number, published_at }))
}

/// The first release of all.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn first_release(mut connection: &ReadingConnection) -> QueryResult<Option<Release>> {
    let columns = (releases::number, releases::published_at);
    let found: Option<(i32, DateTime<Utc>)> =
        releases::table.order(releases::number).select(columns).first(&mut connection).await.optional()?;
    Ok(found.map(|(number, published_at)| Release { number, published_at }))
}

/// Finds the release that a plan reads.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn resolve(connection: &ReadingConnection, plan: &Plan) -> QueryResult<Result<Release, ReleaseNotFound>> {
    let (as_of, requested) = (&plan.selection.as_of, plan.selection.release);
    let found = match as_of {
        Some(as_of) => release_at(connection, as_of.until).await?,
        None => release(connection, requested).await?,
    };
    Ok(match (found, as_of) {
        (Some(found), Some(_)) if requested.is_some_and(|held| held != found.number) => Err(ReleaseNotFound::OtherRelease(found)),
        (Some(found), _) => Ok(found),
        (None, Some(_)) => {
            Err(first_release(connection).await?.map_or(ReleaseNotFound::NoRelease(None), ReleaseNotFound::BeforeFirst))
        }
        (None, None) => {
            let newest = release(connection, None).await?;
            Err(ReleaseNotFound::NoRelease(newest.map(|release| release.number)))
        }
    })
}
