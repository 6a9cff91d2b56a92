//! Owns the cells of pages that the program fills in: the joined code, which repeats the key, and what rows have from the rows that
//! they refer to, such as the unit of an observation, which its indicator fixes. Few rows are referred to by many, so the process
//! reads them once for each release and keeps them: no page makes the database look them up again.
//! Must not know any one dataset.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::sql_types::Untyped;
use quick_cache::sync::Cache;

use crate::db::ReadingConnection;
use crate::db::sql::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::db::sql::{fragments, select};
use crate::query::model::dataset::join_code;
use crate::query::{Column, Dataset, Field, FieldOrigin, Kind, Plan, Release, Row};

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

/// Where a cell comes from.
#[derive(Clone, Copy)]
enum Origin {
    /// The database sends it.
    Sent,
    /// It is the joined code.
    Code,
    /// It is the cell at this position of the row that is referred to.
    Named(usize),
}

/// What completes the rows of a plan.
pub struct Completion {
    origins: Vec<Origin>,
    /// The kinds and the positions of the parts of the joined code.
    key: Vec<(Kind, usize)>,
    /// The position of the field that refers, and the rows that it refers to.
    named: Option<(usize, CellsByCode)>,
}

impl NamedCells {
    /// What completes the rows of a plan that are read with these columns. Versions of several releases have the cells of the rows
    /// that they refer to from the database.
    ///
    /// # Errors
    /// Returns an error if the process does not know the cells, and the database cannot be reached or refuses a statement.
    pub async fn completion(
        &self,
        connection: &ReadingConnection,
        plan: &Plan,
        columns: &[Column],
        release: &Release,
    ) -> QueryResult<Completion> {
        let dataset = plan.selection.context.dataset;
        let position = |field: &Field| columns.iter().position(|column| column.field().is_some_and(|own| own.name == field.name));
        let key: Option<Vec<_>> = dataset.key_fields().map(|field| Some((field.kind, position(field)?))).collect();
        let by = dataset.named().and_then(|(by, _)| position(dataset.field(by)?));
        let by = by.filter(|_| plan.selection.vintages.is_none());
        let fields = fields(dataset);
        let place = |column: &Column| fields.iter().position(|field| column.field().is_some_and(|own| std::ptr::eq(own, *field)));
        let origin = |column: &Column| match place(column).filter(|_| by.is_some()) {
            Some(place) => Origin::Named(place),
            None if key.is_some() && column.field().is_some_and(|field| matches!(field.kind, Kind::JoinedCode)) => Origin::Code,
            None => Origin::Sent,
        };
        let origins: Vec<Origin> = columns.iter().map(origin).collect();
        let named = match by.filter(|_| origins.iter().any(|origin| matches!(origin, Origin::Named(_)))) {
            Some(by) => {
                let key = (dataset.name, release.number, release.published_at);
                Some((by, self.0.get_or_insert_async(&key, read(connection, dataset, &fields, release.number)).await?))
            }
            None => None,
        };
        Ok(Completion { origins, key: key.unwrap_or_default(), named })
    }
}

impl Completion {
    /// The positions of the cells that rows are read without.
    pub fn filled(&self) -> Vec<usize> {
        (0..self.origins.len()).filter(|at| !matches!(self.origins[*at], Origin::Sent)).collect()
    }

    /// A row with the cells that it was read without. Cells after those of the columns stay.
    pub fn complete(&self, row: &Row) -> Row {
        let named = self.named.as_ref().and_then(|(by, cells)| cells.get(row.cell(*by)?));
        let origins = self.origins.iter().copied().chain(std::iter::repeat(Origin::Sent));
        let mut whole = Row::with_capacity(self.origins.len() + 1);
        for (cell, origin) in row.cells().zip(origins) {
            match origin {
                Origin::Sent => whole.push(cell),
                Origin::Named(place) => whole.push(named.and_then(|named| named.cell(place))),
                Origin::Code => {
                    let parts = self.key.iter().map(|(kind, at)| (*kind, row.cell(*at).unwrap_or_default()));
                    let joined: Result<(), Infallible> = whole.push_with(|text| {
                        join_code(text, parts);
                        Ok(())
                    });
                    let Ok(()) = joined;
                }
            }
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
