//! Owns NDJSON: one JSON object per line.
//! Must not know datasets or HTTP.

use std::io::{self, Write};

use super::json::Members;
use super::{About, RowWriter};
use crate::query::RowView;

/// Writes NDJSON.
pub struct NdjsonWriter {
    members: Members,
    line: Vec<u8>,
}

impl NdjsonWriter {
    /// A writer of these columns.
    pub fn new(about: &About) -> Self {
        Self { members: Members::of(&about.columns), line: Vec::with_capacity(1024) }
    }
}

impl RowWriter for NdjsonWriter {
    fn begin(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, out: &mut dyn Write, row: RowView<'_>) -> io::Result<()> {
        self.line.clear();
        self.line.push(b'{');
        self.members.append(&mut self.line, row);
        self.line.extend_from_slice(b"}\n");
        out.write_all(&self.line)
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
