//! Owns the bytes of a connection, where the framework answers by itself: to a head that it cannot parse or that is too
//! large, it sends a bare status. Here that becomes a problem document, and the client is given the time to read it:
//! closing with unread bytes would reset the connection and lose the answer. Clients that are too slow are let go here.
//! Must not know requests that could be read, which are `observe`'s, nor how slow is too slow, which is `patience`'s.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::rt::net::{ActixStream, Ready, TcpStream};
use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::timeouts::{Late, Patience, Turn, Watch};
use crate::problem::{Kind, Problem};

/// The framework's bare answers are shorter than this.
const BARE: usize = 256;

/// What is said of a head that cannot be parsed.
const UNREADABLE: &str = "The request cannot be read: the address must be percent-encoded UTF-8 (RFC 3986: `é` is `%C3%A9`, a space `%20`), \
the head must be HTTP/1.1 with one `Host`.";

/// The longest request line that the framework reads.
const LINE: usize = 65_534;

/// The most bytes that are read and thrown away after a refusal.
const DRAINED: usize = 16 * 1024 * 1024;

/// How long it may take to throw them away.
const DRAINING: Duration = Duration::from_secs(2);

/// A connection.
pub struct Wire {
    stream: TcpStream,
    watch: Watch,
    /// Bytes of the current request's first line, as far as it has come.
    line: usize,
    /// Whether the first line has ended.
    line_ended: bool,
    /// How the first line starts, to tell HEAD from the rest.
    start: [u8; 5],
    /// What is still to be sent in place of a bare answer.
    pending: Bytes,
    /// Whether a bare answer was replaced: the connection is at its end.
    refused: bool,
    drained: usize,
    draining_ends: Option<Instant>,
    /// Counted as long as it lives.
    _counted: OwnedSemaphorePermit,
}

impl Wire {
    /// A connection that has just been accepted.
    pub fn new(stream: TcpStream, patience: Patience, counted: OwnedSemaphorePermit) -> Self {
        Self {
            stream,
            watch: Watch::new(patience),
            line: 0,
            line_ended: false,
            start: [0; 5],
            pending: Bytes::new(),
            refused: false,
            drained: 0,
            draining_ends: None,
            _counted: counted,
        }
    }

    /// Whose turn it is on the connection.
    pub fn turn(&self) -> Turn {
        self.watch.turn().clone()
    }

    fn measure(&mut self, bytes: &[u8]) {
        if !self.line_ended {
            for (place, byte) in self.start.iter_mut().skip(self.line).zip(bytes) {
                *place = *byte;
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            self.line += end.unwrap_or(bytes.len());
            self.line_ended = end.is_some();
        }
    }

    /// The problem in place of a bare answer, with what stands before it.
    fn replacement(&self, bytes: &[u8]) -> Option<Bytes> {
        if !bytes.ends_with(b"\r\n\r\n") {
            return None;
        }
        let from = bytes.len().saturating_sub(BARE);
        let at = from + bytes[from..].windows(10).rposition(|window| window == b"HTTP/1.1 4")?;
        let bare = std::str::from_utf8(&bytes[at..]).ok()?;
        if !bare.contains("content-length: 0\r\n") {
            return None;
        }
        let status = bare.get(9..12)?;
        let problem = match status {
            _ if self.line > LINE || (status == "431" && !self.line_ended) => {
                Problem::new(Kind::UriTooLong, format!("The request line is longer than {LINE} bytes."))
            }
            "431" => Problem::new(Kind::HeadTooLarge, "The head of the request is too large."),
            "400" => Problem::new(Kind::MalformedRequest, UNREADABLE),
            _ => return None,
        };
        let answer = last_answer(&problem, self.start == *b"HEAD ")?;
        Some([&bytes[..at], &answer].concat().into())
    }

    /// Ends the client's turn, which has taken too long.
    fn let_go(&mut self, late: &Late) {
        let problem = Problem::new(Kind::RequestTimeout, "The request did not arrive in time.");
        if *late == Late::Head && !self.refused {
            self.pending = last_answer(&problem, self.start == *b"HEAD ").unwrap_or_default().into();
            self.refused = true;
        }
    }

    fn poll_pending(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.pending.has_remaining() {
            let written = match Pin::new(&mut self.stream).poll_write(context, &self.pending) {
                Poll::Ready(written) => written?,
                Poll::Pending => return self.watch.poll_stalled(context).map(|()| Err(io::ErrorKind::TimedOut.into())),
            };
            self.watch.has_written(written);
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.pending.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads on until the client has said all, so that it reads what it was told.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut thrown = [0; 8192];
        while self.drained < DRAINED {
            let mut buffer = ReadBuf::new(&mut thrown);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => self.drained += buffer.filled().len(),
                Poll::Ready(_) => break,
                Poll::Pending => {
                    let end = *self.draining_ends.get_or_insert_with(|| Instant::now() + DRAINING);
                    return self.watch.poll_until(end, context).map(Ok);
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The bytes of an answer after which the connection ends.
pub fn last_answer(problem: &Problem, head_only: bool) -> Option<Vec<u8>> {
    let body = problem.body();
    let retry = if problem.status == 503 { "retry-after: 1\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json; charset=utf-8\r\ncontent-length: {}\r\ncache-control: no-store\r\naccess-control-allow-origin: *\r\nx-content-type-options: nosniff\r\n{retry}connection: close\r\n\r\n",
        problem.status,
        StatusCode::from_u16(problem.status).ok()?.canonical_reason()?,
        body.len()
    );
    Some([head.as_bytes(), if head_only { &[] } else { &body }].concat())
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if Pin::new(&mut self.stream).poll_read(context, buffer)?.is_pending() {
            // To the framework it looks as if the client had said all it had to say.
            return self.watch.poll_late(context).map(|late| {
                self.let_go(&late);
                Ok(())
            });
        }
        if buffer.filled().len() > before {
            self.watch.has_read();
            self.measure(&buffer.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_pending(context))?;
        if let Some(problem) = self.replacement(bytes) {
            self.pending = problem;
            self.refused = true;
            return match self.poll_pending(context) {
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                _ => Poll::Ready(Ok(bytes.len())),
            };
        }
        (self.line, self.line_ended) = (0, false);
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Pending => self.watch.poll_stalled(context).map(|()| Err(io::ErrorKind::TimedOut.into())),
            Poll::Ready(written) => {
                let written = written?;
                self.watch.has_written(written);
                Poll::Ready(Ok(written))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(context))?;
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        // Here the framework comes last: bytes of the next head may lie with it already, and no more need come.
        if !self.refused && self.watch.poll_late(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(context))?;
        ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        if self.refused { self.poll_drain(context) } else { Poll::Ready(Ok(())) }
    }
}

impl ActixStream for Wire {
    fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_read_ready(&self.stream, context)
    }

    fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(&self.stream, context)
    }
}
