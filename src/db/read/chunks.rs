//! Owns the chunks of exports: their size, and the channel that delivers them in order.
//! Must not know how they are read.

use tokio::sync::mpsc;

use crate::db::DbError;
use crate::query::Rows;

/// The rows of the first chunk; the size of its rows decides for the next.
pub const FIRST_CHUNK_ROWS: i64 = 500;

/// The size of a chunk in bytes of text, which its last row may exceed. The number of rows is estimated from the chunk before.
const CHUNK_BYTES: usize = 3 << 19;

/// The least size of a chunk in bytes, whatever number of exports run.
const MIN_CHUNK_BYTES: usize = 128 << 10;

/// The size in bytes of the chunks that are read for all exports at one time. Up to three of each export are in memory.
const ALL_CHUNKS_BYTES: usize = 12 << 20;

/// The most rows of a chunk.
const MAX_CHUNK_ROWS: i64 = 8000;

/// A part of an export.
pub struct Chunk {
    /// The rows, in order.
    pub rows: Rows,
    /// Whether it is the last chunk.
    pub last: bool,
}

/// The chunks of an export, in order.
pub struct Chunks {
    first: Option<Chunk>,
    rest: mpsc::Receiver<Result<Chunk, DbError>>,
}

impl Chunks {
    /// The chunks that a channel delivers.
    pub fn new(rest: mpsc::Receiver<Result<Chunk, DbError>>) -> Self {
        Self { first: None, rest }
    }

    /// Waits for the first chunk, so that an error can still be sent as the status of the response.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn begun(mut self) -> Result<Self, DbError> {
        let closed = || Err(DbError::Failed("the export task ended without a chunk".to_owned()));
        self.first = Some(self.rest.recv().await.unwrap_or_else(closed)?);
        Ok(self)
    }

    /// Blocks until the next chunk; `None` if the export ended. Must not be called on a thread of a runtime.
    pub fn wait_for_next(&mut self) -> Option<Result<Chunk, DbError>> {
        self.first.take().map(Ok).or_else(|| self.rest.blocking_recv())
    }
}

/// The size of a chunk in bytes while this many exports are read.
pub fn chunk_bytes(reading: usize) -> usize {
    (ALL_CHUNKS_BYTES / reading.max(1)).clamp(MIN_CHUNK_BYTES, CHUNK_BYTES)
}

/// The number of rows of the next chunk of this size, if they are as large as these.
pub fn next_chunk_rows(rows: &Rows, chunk: usize) -> i64 {
    let rows = chunk.checked_div(rows.bytes() / rows.len().max(1)).and_then(|rows| i64::try_from(rows).ok());
    rows.unwrap_or(MAX_CHUNK_ROWS).clamp(10, MAX_CHUNK_ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_smaller_the_more_exports_run() {
        assert_eq!([0, 1, 8].map(chunk_bytes), [CHUNK_BYTES; 3]);
        assert_eq!([16, 32].map(chunk_bytes), [CHUNK_BYTES / 2, CHUNK_BYTES / 4]);
        assert_eq!(chunk_bytes(1000), MIN_CHUNK_BYTES);
        let mut rows = Rows::new(1);
        (0..2).for_each(|_| rows.push(Some(&"x".repeat(1000))));
        assert_eq!(next_chunk_rows(&rows, 100_000), 100);
    }
}
