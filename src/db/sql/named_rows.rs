//! Owns the SELECT of all rows of a small dataset that rows of an export refer to.
//! Must not know the export, nor how the cells get into its rows.

use diesel::sql_types::{BigInt, Untyped};

use super::fragments;
use super::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::{Dataset, Field};

/// The code of each row of a dataset at a release, then the texts of some fields; at most `most` rows.
#[derive(Clone, Debug)]
pub struct NamedRows {
    /// The dataset.
    pub dataset: &'static Dataset,
    /// The fields.
    pub fields: Vec<&'static Field>,
    /// The release.
    pub release: i32,
    /// The most rows.
    pub most: i64,
}

impl NamedRows {
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push("SELECT n.code");
        for field in &self.fields {
            out.push(", ");
            fragments::own_text(out, self.dataset, field, "n")?;
        }
        out.push(" FROM ");
        out.identifier(self.dataset.name)?;
        out.push(" n WHERE ");
        out.visible("n", &self.release)?;
        out.push(" LIMIT ");
        out.bind::<BigInt, _>(&self.most)
    }
}

statement!(NamedRows, Untyped);
