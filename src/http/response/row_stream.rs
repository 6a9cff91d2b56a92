//! Owns the body of an export: rows are formatted and compressed on a thread of their own while they are sent. The body is
//! whole, or it breaks off before its end so that the client notices.
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

/// Bytes that are gathered before they are sent.
pub const CHUNK: usize = 64 * 1024;

/// Chunks that may wait for the client.
const QUEUED: usize = 4;

/// How long a client may take to read a chunk before the export is broken off.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);

/// Formats and codes the rows as they come, on a thread that may wait for the client, and hands the pieces over.
///
/// # Errors
/// 503 when the database does not give the first rows; afterwards there is a head, and the body can only break off.
pub async fn stream(
    state: &State,
    rows: Chunks,
    (mut writer, coding): (Box<dyn RowWriter>, Coding),
    permit: Permit,
) -> Result<impl futures_util::Stream<Item = io::Result<Bytes>> + use<>, Problem> {
    let rows = rows.begun().await?;
    let (sender, receiver) = mpsc::channel(QUEUED);
    let runtime = state.exports.handle();
    runtime.clone().spawn_blocking(move || {
        let _permit = permit;
        let mut out = Pieces { sender: sender.clone(), runtime, gathered: Vec::with_capacity(CHUNK * 2), lost: false };
        let written = coding
            .compress_stream(&mut out, |out| drain(writer.as_mut(), out, rows))
            .and_then(|_| out.flush())
            .and_then(|()| out.send(Piece::End));
        // The error ends the body before its end, and so the connection: the client sees that something is missing.
        if let Err(error) = written {
            log::warn!("an export broke off: {error}");
            _ = sender.blocking_send(Piece::Broken(error));
        }
    });
    Ok(futures_util::stream::unfold(Some(receiver), |receiver| async move {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Piece::Bytes(bytes)) => Some((Ok(bytes), Some(receiver))),
            Some(Piece::End) => None,
            Some(Piece::Broken(error)) => Some((Err(error), None)),
            // The writing thread ended without an end: the body must not look whole.
            None => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
        }
    }))
}
/// A message of the writing thread.
enum Piece {
    /// The next bytes.
    Bytes(Bytes),
    /// The end of the body.
    End,
    /// The body breaks off here.
    Broken(io::Error),
}

/// Gathers what is written and sends it in pieces; waits for a slow client, though not for ever.
struct Pieces {
    sender: mpsc::Sender<Piece>,
    runtime: tokio::runtime::Handle,
    gathered: Vec<u8>,
    /// Whether sending failed once, so that nothing is sent again.
    lost: bool,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let bytes = Bytes::from(std::mem::replace(&mut self.gathered, Vec::with_capacity(CHUNK * 2)));
        self.send(Piece::Bytes(bytes))
    }
}

impl Pieces {
    fn send(&mut self, piece: Piece) -> io::Result<()> {
        if self.lost {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let sent = self.attempt(piece);
        self.lost = sent.is_err();
        sent
    }

    fn attempt(&self, piece: Piece) -> io::Result<()> {
        match self.runtime.block_on(tokio::time::timeout(SEND_TIMEOUT, self.sender.send(piece))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone")),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")),
        }
    }
}
