//! Owns the licences of a dataset at a release: those of the sources that its rows name. They are read once for each release
//! and kept.
//! Must not know any one dataset, nor how licences are shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::sql_types::Untyped;
use quick_cache::sync::Cache;

use crate::db::ReadingConnection;
use crate::db::sql::select;
use crate::db::sql::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::{Dataset, Field, Release, Row, RowOrigin, Shape};

/// The field with the licence of a source, and of a release.
const LICENCE: &str = "licence";

/// How many lists are kept: every dataset at some hundred releases.
const KEPT: usize = 4000;

/// The dataset and the release of a list: its number, and the instant of its publication.
type LicenceKey = (&'static str, i32, DateTime<Utc>);

/// The lists of licences that the process has read. Clones share them.
#[derive(Clone)]
pub struct LicenceCache(Arc<Cache<LicenceKey, Licences>>);

/// Licences, in the order of their texts.
pub type Licences = Arc<[String]>;

impl Default for LicenceCache {
    fn default() -> Self {
        Self(Arc::new(Cache::new(KEPT)))
    }
}

impl LicenceCache {
    /// The licences of a dataset at a release, if the process knows them.
    pub fn known(&self, dataset: &'static Dataset, release: &Release) -> Option<Licences> {
        self.0.get(&(dataset.name, release.number, release.published_at))
    }

    /// The licences of a dataset at a release, which `read` reads if the process does not know them. Requests that ask at the
    /// same time wait for one read, so each of them must count as a read.
    ///
    /// # Errors
    /// Returns the error of `read`.
    pub async fn get<E>(
        &self,
        dataset: &'static Dataset,
        release: &Release,
        read: impl Future<Output = Result<Licences, E>>,
    ) -> Result<Licences, E> {
        let key = (dataset.name, release.number, release.published_at);
        self.0.get_or_insert_async(&key, read).await
    }
}

/// Reads the licences of a dataset at a release.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn read(
    connection: &ReadingConnection,
    registry: &'static [&'static Dataset],
    dataset: &'static Dataset,
    release: i32,
) -> QueryResult<Licences> {
    let mut found = Vec::new();
    for query in queries(registry, dataset, release) {
        found.extend(select::load(connection, query).await?);
    }
    Ok(licences(&found))
}

/// The licences in the rows of [`queries`].
pub fn licences(rows: &[Row]) -> Licences {
    let all: BTreeSet<&str> = rows.iter().filter_map(|row| row.cell(0)).collect();
    all.into_iter().map(str::to_owned).collect()
}

/// The queries of the licences of a dataset at a release: of the sources that its rows name; of the rows themselves, if they
/// have a licence; of what they are computed from, if they name no source.
pub fn queries(registry: &'static [&'static Dataset], dataset: &'static Dataset, release: i32) -> Vec<LicenceQuery> {
    let find = |name: &str| registry.iter().copied().find(|other| other.name == name);
    let sources = match dataset.rows {
        RowOrigin::Derived { from, .. } => from.iter().filter_map(|name| find(name)).collect::<Vec<_>>(),
        RowOrigin::Published | RowOrigin::Releases => vec![dataset],
    };
    let query = |dataset: &'static Dataset| {
        let named = dataset.columns().find_map(|field| {
            let licensed = find(field.reference()?).filter(|other| !field.is_list() && other.field(LICENCE).is_some())?;
            Some((field, licensed))
        });
        LicenceQuery { dataset, named, release }
    };
    sources.into_iter().map(query).collect()
}

/// The query of the licences of one dataset.
#[derive(Clone, Copy)]
pub struct LicenceQuery {
    dataset: &'static Dataset,
    /// The field that refers to the source of a row, and the dataset of sources.
    named: Option<(&'static Field, &'static Dataset)>,
    release: i32,
}

impl LicenceQuery {
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        // One statement for each dataset and release: preparing it would cost more than it saves.
        out.uncached();
        out.push("SELECT DISTINCT ");
        let Some((field, sources)) = self.named else {
            out.column("t", LICENCE)?;
            self.rows(out)?;
            return out.visible("t", &self.release);
        };
        out.column("s", LICENCE)?;
        out.push(" FROM ");
        out.identifier(sources.name)?;
        out.push(" s");
        // One look-up for each source, by the index that begins with it: without the order Postgres would read the table from its
        // start, and to its end for a source that no row names. By an equality the source would be no part of the order.
        out.push(" CROSS JOIN LATERAL (SELECT 1");
        self.rows(out)?;
        out.column("t", field.name)?;
        out.push(" >= s.code AND ");
        out.column("t", field.name)?;
        out.push(" <= s.code AND ");
        out.visible("t", &self.release)?;
        out.push(" ORDER BY ");
        out.column("t", field.name)?;
        // The releases of a figure may stand in another table than its source.
        out.push(if self.dataset.shape == Shape::Observations { "" } else { ", t.first_release" });
        out.push(" LIMIT 1) named WHERE ");
        out.visible("s", &self.release)
    }

    fn rows(&self, out: &mut SqlWriter<'_, '_>) -> SqlResult {
        out.push(" FROM ");
        out.identifier(self.dataset.name)?;
        out.push(" t WHERE ");
        Ok(())
    }
}

statement!(LicenceQuery, Untyped);
