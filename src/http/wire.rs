//! Owns the bytes of a connection, where the framework answers by itself: to a head that it cannot parse or that is too
//! large or too slow, it sends a bare status. Here that becomes a problem document, and the client is given the time to
//! read it: closing with unread bytes would reset the connection and lose the answer.
//! Must not know requests that could be read; those are `observe`'s.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::http::StatusCode;
use actix_web::rt::net::{ActixStream, Ready, TcpStream};
use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

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

/// A connection.
pub struct Wire {
    stream: TcpStream,
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
}

impl Wire {
    /// A connection that has just been accepted.
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, line: 0, line_ended: false, start: [0; 5], pending: Bytes::new(), refused: false, drained: 0 }
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
        let from = bytes.len().saturating_sub(BARE);
        let at = from + bytes[from..].windows(10).rposition(|window| window == b"HTTP/1.1 4")?;
        let bare = std::str::from_utf8(&bytes[at..]).ok()?;
        if !bare.ends_with("\r\n\r\n") || !bare.contains("content-length: 0\r\n") {
            return None;
        }
        let status = bare.get(9..12)?;
        let problem = match status {
            "408" => Problem::new(Kind::RequestTimeout, "The request did not arrive in time."),
            _ if self.line > LINE || (status == "431" && !self.line_ended) => {
                Problem::new(Kind::UriTooLong, format!("The request line is longer than {LINE} bytes."))
            }
            "431" => Problem::new(Kind::HeadTooLarge, "The head of the request is too large."),
            "400" => Problem::new(Kind::MalformedRequest, UNREADABLE),
            _ => return None,
        };
        let body = problem.body();
        let head = format!(
            "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json; charset=utf-8\r\ncontent-length: {}\r\ncache-control: no-store\r\naccess-control-allow-origin: *\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n",
            problem.status,
            StatusCode::from_u16(problem.status).ok()?.canonical_reason()?,
            body.len()
        );
        let body: &[u8] = if self.start == *b"HEAD " { &[] } else { &body };
        Some([&bytes[..at], head.as_bytes(), body].concat().into())
    }

    fn poll_pending(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.pending.has_remaining() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.pending))?;
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
            match ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => self.drained += buffer.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.measure(&buffer.filled()[before..]);
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
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
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
