//! Owns the SELECT of all rows of a small dataset that other rows refer to.
//! Must not know who reads them, nor how the cells get into its rows.

use diesel::sql_types::{BigInt, Untyped};

use super::fragments;
use super::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::{Dataset, Field};

/// The code of each row of a dataset at a release, then the texts of some fields.
#[derive(Clone, Debug)]
pub struct NamedRows {
    /// The dataset.
    pub dataset: &'static Dataset,
    /// The fields.
    pub fields: Vec<&'static Field>,
    /// The release.
    pub release: i32,
    /// The most rows; none for all.
    pub most: Option<i64>,
}

impl NamedRows {
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        // Once for each release.
        out.uncached();
        out.push("SELECT n.code");
        for field in &self.fields {
            out.push(", ");
            fragments::own_text(out, self.dataset, field, "n")?;
        }
        out.push(" FROM ");
        out.identifier(self.dataset.name)?;
        out.push(" n WHERE ");
        out.visible("n", &self.release)?;
        if let Some(most) = &self.most {
            out.push(" LIMIT ");
            out.bind::<BigInt, _>(most)?;
        }
        Ok(())
    }
}

statement!(NamedRows, Untyped);
