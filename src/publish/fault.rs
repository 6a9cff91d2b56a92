//! Owns what is wrong with a publication: each fault with its place, all of them together.
//! Must not know how faults are found.

use std::fmt;

use crate::db::DbError;

/// The most faults that are listed; the rest is counted.
pub const LISTED: usize = 100;

/// One fault of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// The file, as the manifest names it.
    pub file: String,
    /// Line in the file, from 1; `None` when the fault is of the file as a whole.
    pub line: Option<u64>,
    /// The column.
    pub column: Option<String>,
    /// The value at fault.
    pub value: Option<String>,
    /// What is wrong, and what would be right.
    pub detail: String,
}

impl FileFault {
    /// A fault of a file as a whole.
    pub fn of_file(file: &str, detail: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, column: None, value: None, detail: detail.into() }
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ": {column}")?;
        }
        if let Some(value) = &self.value {
            write!(f, " `{}`", crate::problem::echo(value))?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// The faults gathered so far.
#[derive(Debug, Default)]
pub struct Faults {
    listed: Vec<FileFault>,
    count: usize,
}

impl Faults {
    /// Adds one.
    pub fn push(&mut self, fault: FileFault) {
        self.count += 1;
        if self.listed.len() < LISTED {
            self.listed.push(fault);
        }
    }

    /// Fails if there are any.
    ///
    /// # Errors
    /// [`PublishError::Refused`].
    pub fn check(&mut self) -> Result<(), PublishError> {
        match self.count {
            0 => Ok(()),
            count => Err(PublishError::Refused { faults: std::mem::take(&mut self.listed), count }),
        }
    }
}

/// Why nothing was published.
#[derive(Debug)]
pub enum PublishError {
    /// The files are at fault.
    Refused {
        /// The first faults.
        faults: Vec<FileFault>,
        /// How many there are in all.
        count: usize,
    },
    /// A file cannot be read.
    Unreadable(String),
    /// The database failed.
    Database(DbError),
}

impl From<DbError> for PublishError {
    fn from(error: DbError) -> Self {
        PublishError::Database(error)
    }
}

impl From<tokio_postgres::Error> for PublishError {
    fn from(error: tokio_postgres::Error) -> Self {
        PublishError::Database(error.into())
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PublishError::Refused { faults, count } => {
                write!(f, "nothing was published: {count} fault(s)")?;
                for fault in faults {
                    write!(f, "\n  {fault}")?;
                }
                match count - faults.len() {
                    0 => Ok(()),
                    more => write!(f, "\n  … and {more} more"),
                }
            }
            PublishError::Unreadable(why) => f.write_str(why),
            PublishError::Database(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PublishError {}
