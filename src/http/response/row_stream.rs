//! Owns the body of an export: a blocking thread formats and compresses rows while the worker sends them. On an error the
//! body ends without its last chunk, so that the client notices that it is incomplete.
//! Must not know how rows are read or formatted.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::mpsc;

use super::file::{drain, unwritable};
use crate::db::DbError;
use crate::db::read::chunks::Chunks;
use crate::format::RowWriter;
use crate::http::cache::compression::Coding;
use crate::http::export_places::{ExportPlace, Pace, SpaceRefused};
use crate::http::state::State;
use crate::problem::{Kind, Problem};

/// The size of a chunk in bytes.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// The most chunks that wait for the client.
const MAX_QUEUED_CHUNKS: usize = 2;

/// The most time that a client may take to read a chunk.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);

/// Starts to format and compress rows, and returns the stream of their bytes. The export keeps its place until the last byte
/// is formatted.
///
/// # Errors
/// Returns 503 if the database does not return the first rows. A later error ends the stream, since the head is already
/// sent.
pub async fn stream(
    state: &State,
    rows: Chunks,
    (mut writer, coding): (Box<dyn RowWriter>, Coding),
    place: ExportPlace,
) -> Result<RowBody, Problem> {
    let rows = rows.begun().await?;
    let (sender, receiver) = mpsc::channel(MAX_QUEUED_CHUNKS);
    let pace = place.pace();
    let body = RowBody { first: None, failed: None, receiver: Arc::new(Mutex::new(Some(receiver))), pace: Arc::clone(&pace) };
    let (runtime, queue) = (state.exports.handle(), Arc::clone(&body.receiver));
    runtime.clone().spawn_blocking(move || {
        let _place = place;
        let buffer = Vec::with_capacity(CHUNK_BYTES);
        let mut out = ChunkSender { sender: sender.clone(), runtime, pace: Arc::clone(&pace), buffer, failed: false };
        let written = coding
            .compress_stream(&mut out, |out| drain(writer.as_mut(), out, rows))
            .and_then(|_| out.flush())
            .and_then(|()| out.send(BodyEvent::End));
        if pace.is_ended() {
            // A client that does not read does not ask for more: what waits for it would stay.
            drop(locked(&queue).take());
        }
        // An error in the stream aborts the connection, so that the client sees an incomplete body.
        if let Err(error) = written {
            log::warn!("export aborted: {error}");
            _ = sender.blocking_send(BodyEvent::Aborted(error));
        }
    });
    Ok(body)
}

type Queue = Arc<Mutex<Option<mpsc::Receiver<BodyEvent>>>>;

fn locked(queue: &Queue) -> std::sync::MutexGuard<'_, Option<mpsc::Receiver<BodyEvent>>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bytes of an export as they are formatted.
pub struct RowBody {
    first: Option<BodyEvent>,
    failed: Option<io::Error>,
    /// None once the body has ended.
    receiver: Queue,
    pace: Arc<Pace>,
}

impl RowBody {
    /// Waits for the first bytes, so that the status of the response can say why there are none.
    ///
    /// # Errors
    /// Returns 400 if the representation cannot hold the rows, 429 or 503 if the export may have no more temporary files, 503 if it was
    /// ended for another, if the database does not answer, or if a temporary file cannot be written.
    pub async fn begun(mut self) -> Result<Self, Problem> {
        self.first = match std::future::poll_fn(|context| self.poll_event(context)).await {
            Some(BodyEvent::Aborted(error)) => return Err(unbegun(error)),
            // The thread panicked.
            None => return Err(Problem::new(Kind::Unavailable, "The export cannot be built at the moment.")),
            first => first,
        };
        Ok(self)
    }

    fn poll_event(&self, context: &mut Context<'_>) -> Poll<Option<BodyEvent>> {
        match locked(&self.receiver).as_mut() {
            Some(receiver) => receiver.poll_recv(context),
            None => Poll::Ready(None),
        }
    }
}

/// The problem of an export that fails before its first byte.
fn unbegun(error: io::Error) -> Problem {
    if let Some(refused) = SpaceRefused::of(&error) {
        return refused.problem();
    }
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => return unwritable(&error),
        io::ErrorKind::ConnectionAborted => return Problem::new(Kind::Overloaded, "Others wait for the place of this export."),
        _ => {}
    }
    match error.downcast::<DbError>() {
        Ok(error) => error.into(),
        Err(_) => Problem::new(Kind::Unavailable, "The export cannot be built at the moment."),
    }
}

impl Stream for RowBody {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        self.pace.asked();
        let event = match self.first.take() {
            Some(first) => Some(first),
            None => ready!(self.poll_event(context)),
        };
        let error = match event {
            Some(BodyEvent::Bytes(bytes)) => {
                self.pace.given(bytes.len());
                return Poll::Ready(Some(Ok(bytes)));
            }
            Some(BodyEvent::End) => return Poll::Ready(None),
            Some(BodyEvent::Aborted(error)) => error,
            // The thread panicked, or the export was ended for another: the body must not look complete.
            None => io::ErrorKind::UnexpectedEof.into(),
        };
        // The connection first writes what it has: it would drop the head together with a body that fails at once, and the
        // client would see no response at all.
        self.failed = Some(error);
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The formatting thread sees by it that the client is gone.
impl Drop for RowBody {
    fn drop(&mut self) {
        drop(locked(&self.receiver).take());
    }
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

/// Collects bytes into chunks and sends them; waits for a slow client, at most [`SEND_TIMEOUT`], and not once the export is
/// ended.
struct ChunkSender {
    sender: mpsc::Sender<BodyEvent>,
    runtime: tokio::runtime::Handle,
    pace: Arc<Pace>,
    buffer: Vec<u8>,
    /// Whether sending has failed; then nothing more is sent.
    failed: bool,
}

impl Write for ChunkSender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(CHUNK_BYTES - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        if self.buffer.len() == CHUNK_BYTES {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let bytes = Bytes::from(std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK_BYTES)));
        self.send(BodyEvent::Bytes(bytes))
    }
}

impl ChunkSender {
    fn send(&mut self, event: BodyEvent) -> io::Result<()> {
        if self.failed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let sent = self.runtime.block_on(self.attempt(event));
        self.failed = sent.is_err();
        sent
    }

    async fn attempt(&self, event: BodyEvent) -> io::Result<()> {
        tokio::select! {
            biased;
            () = self.pace.ended() => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "others wait for the place of this slow export")),
            sent = tokio::time::timeout(SEND_TIMEOUT, self.sender.send(event)) => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client has disconnected")),
                Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read the response")),
            },
        }
    }
}
