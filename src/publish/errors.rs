//! Owns what is wrong with a publication: each fault with its place, all of them together.
//! Must not know how faults are found.

use std::fmt;

use serde::Serialize;

use crate::db::DbError;
use crate::db::connection::config::CopyError;

/// The most faults that are listed; the rest is counted.
pub const LISTED: usize = 100;

/// One fault of a file, or one thing worth a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileFault {
    /// The file, as the manifest names it.
    pub file: String,
    /// The sheet, in a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Line or row in the file, from 1; `None` when the fault is of the file as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column: its header, or its letters where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The value at fault; long ones are cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What is wrong, and what would be right.
    pub detail: String,
}

impl FileFault {
    /// A fault of a file as a whole.
    pub fn of_file(file: &str, detail: impl Into<String>) -> Self {
        Self { file: file.to_owned(), sheet: None, line: None, column: None, value: None, detail: detail.into() }
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(sheet) = &self.sheet {
            write!(f, " [{sheet}]")?;
        }
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ": {column}")?;
        }
        if let Some(value) = self.value.as_ref().filter(|value| !value.is_empty()) {
            write!(f, " `{}`", crate::problem::echo(value))?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// The faults gathered so far: the first are kept, all are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    listed: Vec<FileFault>,
    count: usize,
}

impl Faults {
    /// Adds one.
    pub fn push(&mut self, mut fault: FileFault) {
        fault.value = fault.value.map(|value| crate::problem::echo(&value));
        // One cell may be at fault for each row that is made from it.
        if self.listed.contains(&fault) {
            return;
        }
        self.count += 1;
        if self.listed.len() < LISTED {
            self.listed.push(fault);
        }
    }

    /// Adds those that were gathered elsewhere.
    pub fn extend(&mut self, more: Faults) {
        self.count += more.count - more.listed.len();
        more.listed.into_iter().for_each(|fault| self.push(fault));
    }

    /// Counts so many more, which are not listed.
    pub fn unlisted(&mut self, more: usize) {
        self.count += more;
    }

    /// The first, and how many there are in all.
    pub fn into_parts(self) -> (Vec<FileFault>, usize) {
        (self.listed, self.count)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Fails if there are any.
    ///
    /// # Errors
    /// [`PublishError::Refused`].
    pub fn check(&mut self) -> Result<(), PublishError> {
        match self.count {
            0 => Ok(()),
            count => {
                let mut faults = std::mem::take(&mut self.listed);
                faults.sort_by(|a, b| (&a.file, &a.sheet, a.line).cmp(&(&b.file, &b.sheet, b.line)));
                Err(PublishError::Refused { faults, count })
            }
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
    /// Whoever asks may not do what the files do.
    Forbidden {
        /// The scopes that are missed.
        missing: Vec<String>,
    },
    /// A file, a manifest or a recipe cannot be read.
    Unreadable(String),
    /// Another publication is under way, and this one was not to wait.
    Busy,
    /// The database failed.
    Database(DbError),
}

impl From<DbError> for PublishError {
    fn from(error: DbError) -> Self {
        PublishError::Database(error)
    }
}

impl From<CopyError> for PublishError {
    fn from(error: CopyError) -> Self {
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
            PublishError::Forbidden { missing } => {
                write!(f, "nothing was published: the scope {} is missing", missing.join(", "))
            }
            PublishError::Unreadable(why) => f.write_str(why),
            PublishError::Busy => f.write_str("another publication is under way"),
            PublishError::Database(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PublishError {}
