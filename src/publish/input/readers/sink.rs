//! Owns the interface between the readers of files and the consumers of their records.
//! Must not know either.

use std::ops::ControlFlow;

use super::error::ReadError;
use super::record::Record;

/// A consumer of records.
pub trait RecordSink {
    /// Takes one record. Returns whether it wants more.
    fn record(&mut self, record: &Record) -> ControlFlow<()>;

    /// Takes an error in place of a record.
    fn broken(&mut self, broken: ReadError);
}
