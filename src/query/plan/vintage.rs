//! Owns the choice among the versions of rows.
//! Must not know how versions are read.

/// Which versions of rows a request selects, among those published up to the release that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vintages {
    /// All versions, those of withdrawn rows included.
    All,
    /// The first version of each row.
    First,
    /// All versions of the rows whose value or statuses were revised.
    Revised,
}
