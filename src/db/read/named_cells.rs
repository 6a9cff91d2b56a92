//! Owns the cells that rows have from the rows that they refer to, such as the unit of an observation, which its indicator
//! fixes. Few rows are referred to by many, so the process reads them once for each release, keeps them, and completes the
//! pages with them: no page makes the database look them up again.
//! Must not know any one dataset.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::sql_types::Untyped;
use quick_cache::sync::Cache;

use crate::db::ReadingConnection;
use crate::db::sql::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::db::sql::{fragments, select};
use crate::query::{Column, Dataset, Field, FieldOrigin, Plan, Release, Row};

/// How many releases are kept.
const KEPT: usize = 64;

/// The dataset whose rows refer, and the release: its number, and the instant of its publication.
type CellsKey = (&'static str, i32, DateTime<Utc>);

/// The cells of the rows that are referred to, by their code.
type CellsByCode = Arc<HashMap<Box<str>, Row>>;

/// The cells that the process has read. Clones share them.
#[derive(Clone)]
pub struct NamedCells(Arc<Cache<CellsKey, CellsByCode>>);

impl Default for NamedCells {
    fn default() -> Self {
        Self(Arc::new(Cache::new(KEPT)))
    }
}

/// What completes the rows of a plan.
pub struct Completion {
    cells: CellsByCode,
    /// The position of the field that refers.
    by: usize,
    /// For each column, the position of its cell among those of the row that is referred to.
    places: Vec<Option<usize>>,
}

impl NamedCells {
    /// What completes the rows of a plan that are read without such cells. `None` if they have none, or if the rows are versions
    /// of several releases.
    ///
    /// # Errors
    /// Returns an error if the process does not know the cells, and the database cannot be reached or refuses a statement.
    pub async fn completion(
        &self,
        connection: &ReadingConnection,
        plan: &Plan,
        columns: &[Column],
        release: &Release,
    ) -> QueryResult<Option<Completion>> {
        let dataset = plan.selection.context.dataset;
        let Some((by, _)) = dataset.named().filter(|_| plan.selection.vintages.is_none()) else { return Ok(None) };
        let fields = fields(dataset);
        let place = |column: &Column| fields.iter().position(|field| column.field().is_some_and(|own| std::ptr::eq(own, *field)));
        let places: Vec<Option<usize>> = columns.iter().map(place).collect();
        let by = columns.iter().position(|column| column.field().is_some_and(|field| field.name == by));
        let Some(by) = by.filter(|_| places.iter().any(Option::is_some)) else { return Ok(None) };
        let key = (dataset.name, release.number, release.published_at);
        let cells = self.0.get_or_insert_async(&key, read(connection, dataset, &fields, release.number)).await?;
        Ok(Some(Completion { cells, by, places }))
    }
}

impl Completion {
    /// A row with the cells that it was read without. Cells after those of the columns stay.
    pub fn complete(&self, row: &Row) -> Row {
        let named = row.cell(self.by).and_then(|code| self.cells.get(code));
        let places = self.places.iter().copied().chain(std::iter::repeat(None));
        let mut whole = Row::with_capacity(self.places.len() + 1);
        for (cell, place) in row.cells().zip(places) {
            whole.push(match place {
                Some(place) => named.and_then(|named| named.cell(place)),
                None => cell,
            });
        }
        whole
    }
}

/// The fields of a dataset that its rows have from other rows, all from the same dataset.
fn fields(dataset: &'static Dataset) -> Vec<&'static Field> {
    dataset.fields.iter().filter(|field| matches!(field.origin, FieldOrigin::Named { .. })).collect()
}

async fn read(
    connection: &ReadingConnection,
    dataset: &'static Dataset,
    fields: &[&'static Field],
    release: i32,
) -> QueryResult<CellsByCode> {
    let named = dataset.named().map_or(dataset.name, |(_, named)| named);
    let rows = select::load(connection, NamedCellsQuery { dataset, named, fields: fields.to_vec(), release }).await?;
    let by_code = |row: Row| {
        let code = row.cell(0)?.into();
        Some((code, row.cells().skip(1).collect()))
    };
    Ok(Arc::new(rows.into_iter().filter_map(by_code).collect()))
}

/// The query of the code and the cells of each row that may be referred to.
struct NamedCellsQuery {
    dataset: &'static Dataset,
    named: &'static str,
    fields: Vec<&'static Field>,
    release: i32,
}

impl NamedCellsQuery {
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        // Once for each release.
        out.uncached();
        out.push("SELECT n.code");
        for field in &self.fields {
            out.push(", ");
            fragments::own_text(out, self.dataset, field, "n")?;
        }
        out.push(" FROM ");
        out.identifier(self.named)?;
        out.push(" n WHERE ");
        out.visible("n", &self.release)
    }
}

statement!(NamedCellsQuery, Untyped);
