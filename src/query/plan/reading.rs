//! Owns how selected rows are read: columns, order, related rows, and the start and length of a page.
//! Must not know which rows are selected.

use super::cursor::Position;
use super::presentation::Count;
use crate::query::collection::include::Include;
use crate::query::model::column::Column;
use crate::query::model::field::Field;

/// Rows on a page when `limit` is not given.
pub const DEFAULT_LIMIT: i64 = 100;

/// The most rows on a page.
pub const MAXIMUM_LIMIT: i64 = 1000;

/// The most sort terms.
pub const SORT_TERMS: usize = 8;

/// The most facets of one request.
pub const FACETS: usize = 5;

/// How far `total=bounded` counts.
pub const COUNT_BOUND: i64 = 10_000;

/// What a sort term compares.
#[derive(Clone, Copy, Debug)]
pub enum SortKey {
    /// A field.
    Field(&'static Field),
    /// The rank of the row in the full-text search.
    Rank,
}

/// One term of the sort order.
#[derive(Clone, Copy, Debug)]
pub struct SortTerm {
    /// What is compared.
    pub key: SortKey,
    /// Largest first. Rows without a value come last either way.
    pub descending: bool,
    /// Whether texts are compared without accents and case. Never for the key, whose values must all differ.
    pub folded: bool,
}

impl SortTerm {
    /// Its field, unless it is the rank.
    pub fn field(&self) -> Option<&'static Field> {
        match self.key {
            SortKey::Field(field) => Some(field),
            SortKey::Rank => None,
        }
    }

    /// Whether every row has a value.
    pub fn is_required(&self) -> bool {
        self.field().is_none_or(|field| field.required)
    }
}

/// How the selected rows are read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The columns that are shown.
    pub columns: Vec<Column>,
    /// The sort order. It ends with the key, so that it is total.
    pub sort: Vec<SortTerm>,
    /// Related rows that are read with the page.
    pub include: Vec<Include>,
    /// The fields whose remaining values are counted.
    pub facets: Vec<&'static Field>,
    /// The most rows of the page, if the request says so.
    pub limit: Option<i64>,
    /// How all rows are counted.
    pub count: Count,
    /// The row after which the page starts.
    pub after: Option<Position>,
}
