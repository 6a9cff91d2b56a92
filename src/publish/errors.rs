//! Owns the errors of a publication, and the list of faults in its files.
//! Must not know how faults are found.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::db::DbError;
use crate::db::connection::config::CopyError;
use crate::problem::Fault;
use crate::publication::Outcome;

/// The most faults that are listed. Further ones are only counted.
pub const LISTED: usize = 100;

/// The most unknown codes of one kind for which the closest ones are searched. A search reads all codes of a dataset, while
/// other publications wait.
pub const EXPLAINED: usize = 5;

/// A list of faults: the first ones, and the number of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults {
    listed: Vec<Fault>,
    count: usize,
}

impl Faults {
    /// Adds a fault, unless the list has the same already.
    pub fn push(&mut self, mut fault: Fault) {
        fault.value = fault.value.map(|value| crate::problem::echo(&value));
        // One cell can give the same fault for several rows.
        if self.listed.contains(&fault) {
            return;
        }
        self.count += 1;
        if self.listed.len() < LISTED {
            self.listed.push(fault);
        }
    }

    /// Adds the faults of another list.
    pub fn extend(&mut self, more: Faults) {
        // Lists also come from the process that reads foreign files.
        self.count = self.count.saturating_add(more.count.saturating_sub(more.listed.len()));
        more.listed.into_iter().for_each(|fault| self.push(fault));
    }

    /// Adds faults that are only counted.
    pub fn add_unlisted(&mut self, more: usize) {
        self.count += more;
    }

    /// The first faults, and the number of all.
    pub fn into_parts(self) -> (Vec<Fault>, usize) {
        (self.listed, self.count)
    }

    /// Whether there are no faults.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns an error if there are faults, and empties the list.
    ///
    /// # Errors
    /// Returns [`PublishError::Refused`] with the faults, sorted by place.
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

/// The reasons why a publication made no release.
#[derive(Debug)]
pub enum PublishError {
    /// The files have faults.
    Refused {
        /// The first faults.
        faults: Vec<Fault>,
        /// The number of all faults.
        count: usize,
    },
    /// The API key does not permit the changes.
    Forbidden {
        /// The missing scopes.
        missing: Vec<String>,
    },
    /// The API key lost its validity while the publication was running.
    KeyInvalid {
        /// What happened to it, such as `has expired`.
        why: &'static str,
    },
    /// A file, a manifest or a recipe cannot be read.
    Unreadable(String),
    /// Another publication is in progress, and this one does not wait.
    Busy,
    /// The database failed, or refused the rows.
    Database(DbError),
}

impl PublishError {
    /// The outcome of a publication that ends with this error.
    pub fn outcome(&self) -> Outcome {
        match self {
            PublishError::Refused { .. } | PublishError::Unreadable(_) | PublishError::Database(DbError::Data(_)) => {
                Outcome::Refused
            }
            PublishError::Forbidden { .. } | PublishError::KeyInvalid { .. } => Outcome::Forbidden,
            PublishError::Busy | PublishError::Database(_) => Outcome::Failed,
        }
    }
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
            PublishError::KeyInvalid { why } => write!(f, "nothing was published: the key {why}"),
            PublishError::Unreadable(why) => f.write_str(why),
            PublishError::Busy => f.write_str("another publication is in progress"),
            PublishError::Database(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PublishError {}
