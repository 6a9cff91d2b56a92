//! Owns the rows that many others refer to, such as the indicators of figures: the process reads them once for each release, and keeps
//! them. Pages and exports are completed with their cells, so that neither makes the database look them up for each row.
//! Must not know any one dataset, nor who reads.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;

use crate::db::sql::named_rows::NamedRows;
use crate::query::{Release, Row};

/// How many answers are kept.
const KEPT: usize = 64;

/// The cells of the rows of one dataset, by their code.
pub type CellsByCode = Arc<HashMap<Box<str>, Row>>;

/// What was asked, and the instant of the publication of the release.
#[derive(Clone, PartialEq, Eq, Hash)]
struct CellsKey {
    dataset: &'static str,
    fields: Vec<&'static str>,
    most: Option<i64>,
    release: i32,
    published_at: DateTime<Utc>,
}

/// The cells that the process has read. Clones share them.
#[derive(Clone)]
pub struct NamedCells(Arc<Cache<CellsKey, CellsByCode>>);

impl Default for NamedCells {
    fn default() -> Self {
        Self(Arc::new(Cache::new(KEPT)))
    }
}

impl NamedCells {
    /// The cells that a query asks for, as they are kept, or as `read` reads them.
    ///
    /// # Errors
    /// Returns the error of `read`.
    pub async fn cells<E>(
        &self,
        query: &NamedRows,
        release: &Release,
        read: impl Future<Output = Result<Vec<Row>, E>>,
    ) -> Result<CellsByCode, E> {
        let key = CellsKey {
            dataset: query.dataset.name,
            fields: query.fields.iter().map(|field| field.name).collect(),
            most: query.most,
            release: release.number,
            published_at: release.published_at,
        };
        let by_code = |row: Row| Some((row.cell(0)?.into(), row.cells().skip(1).collect()));
        let read = async { Ok(Arc::new(read.await?.into_iter().filter_map(by_code).collect())) };
        self.0.get_or_insert_async(&key, read).await
    }
}
