//! Owns NDJSON: one JSON object per line.
//! Must not know datasets or HTTP.

use std::io::{self, Write};

use super::{About, RowWriter, json};
use crate::query::{Column, Row};

/// Writes NDJSON.
pub struct NdjsonWriter {
    columns: Vec<Column>,
    line: Vec<u8>,
}

impl NdjsonWriter {
    /// A writer of these columns.
    pub fn new(about: &About) -> Self {
        Self { columns: about.columns.clone(), line: Vec::with_capacity(1024) }
    }
}

impl RowWriter for NdjsonWriter {
    fn begin(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, out: &mut dyn Write, row: &Row) -> io::Result<()> {
        self.line.clear();
        json::object(&mut self.line, &self.columns, row);
        self.line.push(b'\n');
        out.write_all(&self.line)
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
