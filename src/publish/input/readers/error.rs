//! Owns the errors of reading a file, with their places.
//! Must not know the formats.

/// What is wrong with a file as it is written.
#[derive(Debug)]
pub struct ReadError {
    /// The line, from 1.
    pub line: Option<u64>,
    /// The cell of the line, from 0.
    pub cell: Option<usize>,
    /// What is wrong, and what would be right.
    pub detail: String,
}

impl ReadError {
    /// A file that cannot be read further.
    pub fn file(detail: impl Into<String>) -> Self {
        Self { line: None, cell: None, detail: detail.into() }
    }

    /// A line that cannot be read.
    pub fn line(line: u64, detail: impl Into<String>) -> Self {
        Self { line: Some(line), cell: None, detail: detail.into() }
    }
}
