//! Owns the writing of rows: one file a representation, all from the same cells.
//! Must not know HTTP or SQL.

use std::io::{self, Write};

use crate::query::{Column, Dataset, Row};

pub mod json;

/// What a representation says of the rows besides themselves.
#[derive(Clone, Debug)]
pub struct About {
    /// The dataset of the rows.
    pub dataset: &'static Dataset,
    /// The columns, in order; every row has a cell for each.
    pub columns: Vec<Column>,
    /// The release that the rows are read from.
    pub release: i32,
    /// When it was published, RFC 3339.
    pub published_at: String,
    /// The address of this answer at this release, relative to the server.
    pub pinned: String,
}

/// Writes rows in one representation, in constant memory unless its own documentation says otherwise.
/// The order of calls is `begin`, any number of `row`, `end`; after an error the output is to be thrown away.
pub trait RowWriter: Send {
    /// Writes what stands before the rows.
    ///
    /// # Errors
    /// The output's.
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()>;

    /// Writes one row.
    ///
    /// # Errors
    /// The output's; or what the representation cannot hold.
    fn row(&mut self, out: &mut dyn Write, row: &Row) -> io::Result<()>;

    /// Writes what stands after the rows.
    ///
    /// # Errors
    /// The output's.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()>;
}
