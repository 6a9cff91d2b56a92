//! Owns the body of an export: a blocking thread formats and compresses rows while the worker sends them. On an error the
//! body ends without its last chunk, so that the client notices that it is incomplete.
//! Must not know how rows are read or formatted.

use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::file::drain;
use crate::db::read::export::{Chunks, Permit};
use crate::format::RowWriter;
use crate::http::cache::compression::Coding;
use crate::http::state::State;
use crate::problem::Problem;

/// The size of a chunk in bytes.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// The most chunks that wait for the client.
const MAX_QUEUED_CHUNKS: usize = 4;

/// The most time that a client may take to read a chunk.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);

/// Starts to format and compress rows, and returns the stream of their bytes.
///
/// # Errors
/// Returns 503 if the database does not return the first rows. A later error ends the stream, since the head is already
/// sent.
pub async fn stream(
    state: &State,
    rows: Chunks,
    (mut writer, coding): (Box<dyn RowWriter>, Coding),
    permit: Permit,
) -> Result<impl futures_util::Stream<Item = io::Result<Bytes>> + use<>, Problem> {
    let rows = rows.begun().await?;
    let (sender, receiver) = mpsc::channel(MAX_QUEUED_CHUNKS);
    let runtime = state.exports.handle();
    runtime.clone().spawn_blocking(move || {
        let _permit = permit;
        let mut out = ChunkSender { sender: sender.clone(), runtime, buffer: Vec::with_capacity(CHUNK_BYTES * 2), failed: false };
        let written = coding
            .compress_stream(&mut out, |out| drain(writer.as_mut(), out, rows))
            .and_then(|_| out.flush())
            .and_then(|()| out.send(BodyEvent::End));
        // An error in the stream aborts the connection, so that the client sees an incomplete body.
        if let Err(error) = written {
            log::warn!("export aborted: {error}");
            _ = sender.blocking_send(BodyEvent::Aborted(error));
        }
    });
    Ok(futures_util::stream::unfold(Some(receiver), |receiver| async move {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(BodyEvent::Bytes(bytes)) => Some((Ok(bytes), Some(receiver))),
            Some(BodyEvent::End) => None,
            Some(BodyEvent::Aborted(error)) => abort(error).await,
            // The thread panicked: the body must not look complete.
            None => abort(io::ErrorKind::UnexpectedEof.into()).await,
        }
    }))
}

/// Ends the body with an error. The connection first writes what it has: it would drop the head together with a body that
/// fails at once, and the client would see no response at all.
async fn abort<T>(error: io::Error) -> Option<(io::Result<Bytes>, Option<T>)> {
    tokio::task::yield_now().await;
    Some((Err(error), None))
}

/// What the formatting thread sends to the worker.
enum BodyEvent {
    /// The next bytes.
    Bytes(Bytes),
    /// The end of the body.
    End,
    /// The body is aborted.
    Aborted(io::Error),
}

/// Collects bytes into chunks and sends them; waits for a slow client, at most [`SEND_TIMEOUT`].
struct ChunkSender {
    sender: mpsc::Sender<BodyEvent>,
    runtime: tokio::runtime::Handle,
    buffer: Vec<u8>,
    /// Whether sending has failed; then nothing more is sent.
    failed: bool,
}

impl Write for ChunkSender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let bytes = Bytes::from(std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK_BYTES * 2)));
        self.send(BodyEvent::Bytes(bytes))
    }
}

impl ChunkSender {
    fn send(&mut self, event: BodyEvent) -> io::Result<()> {
        if self.failed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let sent = self.attempt(event);
        self.failed = sent.is_err();
        sent
    }

    fn attempt(&self, event: BodyEvent) -> io::Result<()> {
        match self.runtime.block_on(tokio::time::timeout(SEND_TIMEOUT, self.sender.send(event))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client has disconnected")),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read the response")),
        }
    }
}
