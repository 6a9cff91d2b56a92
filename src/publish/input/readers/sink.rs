//! Owns the interface between the readers of files and the consumers of their records.
//! Must not know either.

use std::ops::ControlFlow;

use super::error::ReadError;
use super::record::Record;

/// What takes the records.
pub trait RecordSink {
    /// Takes one record; says whether more are wanted.
    fn record(&mut self, record: &Record) -> ControlFlow<()>;

    /// Takes note of what is wrong with one, which is left out.
    fn broken(&mut self, broken: ReadError);
}
