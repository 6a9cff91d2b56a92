//! Owns the query of values of a text field that are spelled otherwise than a value of a request: other case, other accents, other
//! apostrophes.
//! Must not know why they are looked up.

use diesel::sql_types::{Array, BigInt, Text};

use super::derivations;
use super::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::{Dataset, Field};

/// The field whose index is on its folded text.
const FOLDED: &str = "name";

/// The query of the values that a row of the release has: the value itself first, then its other spellings.
///
/// A field that has an index as it is is compared with the usual spellings alone: `fold` of each row would take longer than the
/// request itself. Of any other field the request reads as many rows as this query.
pub struct Spelled {
    dataset: &'static Dataset,
    field: &'static Field,
    value: String,
    usual: Vec<String>,
    release: i32,
    limit: i64,
}

impl Spelled {
    /// The query of at most `limit` values.
    pub fn new(dataset: &'static Dataset, field: &'static Field, value: &str, release: i32, limit: i64) -> Self {
        let usual = [value, &value.to_uppercase(), &value.to_lowercase(), &value.replace('’', "'"), &value.replace('\'', "’")];
        Self { dataset, field, value: value.to_owned(), usual: usual.map(str::to_owned).to_vec(), release, limit }
    }

    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let column = |out: &mut SqlWriter<'_, 'b>| out.column("t", self.field.name);
        out.push("SELECT ");
        column(out)?;
        out.push(" FROM ");
        out.identifier(self.dataset.name)?;
        out.push(" t WHERE ");
        if let Some(condition) = derivations::published(self.dataset) {
            out.push(condition);
            out.push(" AND ");
        }
        if self.field.name != FOLDED && self.dataset.indexes.contains(&self.field.name) {
            column(out)?;
            out.push(" = ANY(");
            out.bind::<Array<Text>, _>(&self.usual)?;
            out.push(")");
        } else {
            out.push("fold(");
            column(out)?;
            out.push(") = fold(");
            out.bind::<Text, _>(&self.value)?;
            out.push(")");
        }
        out.push(" AND ");
        out.visible("t", &self.release)?;
        out.push(" GROUP BY ");
        column(out)?;
        out.push(" ORDER BY ");
        column(out)?;
        out.push(" <> ");
        out.bind::<Text, _>(&self.value)?;
        out.push(", ");
        column(out)?;
        out.push(" LIMIT ");
        out.bind::<BigInt, _>(&self.limit)
    }
}

statement!(Spelled, Text);
