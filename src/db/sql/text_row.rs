//! Owns a row of any query as the texts of its cells.
//! Must not know the query.

use diesel::deserialize::{self, QueryableByName};
use diesel::pg::Pg;
use diesel::row::{Field as _, NamedRow};

use super::binary_cells;
use crate::query::Row;

/// A row whose columns are texts, or of the other types that [`binary_cells`] reads.
#[derive(Debug)]
pub struct TextRow(pub Row);

impl QueryableByName<Pg> for TextRow {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        let mut cells = Row::with_capacity(row.field_count());
        for at in 0..row.field_count() {
            let field = diesel::row::Row::get(row, at).ok_or("a column is missing")?;
            match field.value() {
                Some(value) => cells.push_with(|text| binary_cells::append(text, &value))?,
                None => cells.push(None),
            }
        }
        Ok(TextRow(cells))
    }
}
