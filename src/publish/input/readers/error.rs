//! Owns the errors of reading a file, with their places.
//! Must not know the formats.

/// An error of reading a file.
#[derive(Debug)]
pub struct ReadError {
    /// The line, from 1.
    pub line: Option<u64>,
    /// The cell of the line, from 0.
    pub cell: Option<usize>,
    /// The cause, and what would be right.
    pub detail: String,
}

impl ReadError {
    /// An error of the file as a whole.
    pub fn file(detail: impl Into<String>) -> Self {
        Self { line: None, cell: None, detail: detail.into() }
    }

    /// An error at a line.
    pub fn line(line: u64, detail: impl Into<String>) -> Self {
        Self { line: Some(line), cell: None, detail: detail.into() }
    }
}
