//! Owns the byte stream of a client's connection: applies its time limits, and sends a problem document where actix-http
//! refuses a request by itself.
//!
//! actix-http answers a head that it cannot parse, or that is too large, with a bare status. No byte that is written decides
//! what is such a refusal, since the bytes of a body may look like one. The state of the connection decides: after a flush
//! with no request at the application, all that is written before the application receives the next request is actix-http's
//! own. A refusal that shares a write with the end of an answer, as in a pipeline, stays a bare status.
//! Must not know the requests of the application, nor how long a time limit is.

use std::any::Any;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::net::{ActixStream, Ready, TcpStream};
use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::idleness::Idleness;
use super::refusal::RequestLine;
use super::timeouts::{Deadlines, Expired, RequestTracker, Timeouts};
use crate::problem::{Kind, Problem};

/// The most bytes that are read and discarded before a connection closes.
const MAX_DRAIN: usize = 16 * 1024 * 1024;

/// The most bytes of a connection that the system keeps besides those on their way.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 128 * 1024;

/// The longest time spent on that.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Without a limit the system keeps megabytes for each client that reads slowly. A system that has none goes without.
#[cfg(target_os = "linux")]
fn limit_unsent(stream: &TcpStream) {
    _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES);
}

#[cfg(not(target_os = "linux"))]
fn limit_unsent(_: &TcpStream) {}

/// The stream of one connection.
pub struct ClientStream {
    stream: TcpStream,
    deadlines: Deadlines,
    idleness: Arc<Idleness>,
    line: RequestLine,
    /// The number of requests that the application had received at the last flush, if it had answered them all.
    idle_after: Option<u64>,
    /// The answer that closes the connection, as far as it is not sent.
    last_answer: Option<Bytes>,
    drained: usize,
    drain_until: Option<Instant>,
    /// What stands before the address of a type of problem.
    problem_base: Arc<str>,
    /// What the connection gives back at its end.
    _place: Box<dyn Any>,
}

impl ClientStream {
    /// The stream of a connection that has just been accepted. It drops `place` at its end, and closes when `idleness` says so.
    pub fn new(
        stream: TcpStream,
        timeouts: Timeouts,
        (place, idleness): (Box<dyn Any>, Arc<Idleness>),
        problem_base: Arc<str>,
    ) -> Self {
        limit_unsent(&stream);
        Self {
            stream,
            deadlines: Deadlines::new(timeouts, Arc::clone(&idleness)),
            idleness,
            line: RequestLine::default(),
            idle_after: Some(0),
            last_answer: None,
            drained: 0,
            drain_until: None,
            problem_base,
            _place: place,
        }
    }

    /// The requests of the connection, for the middleware that reports them.
    pub fn tracker(&self) -> RequestTracker {
        self.deadlines.tracker().clone()
    }

    /// The problem that stands in for bytes of actix-http's own; none for bytes of an answer of the application.
    fn refusal(&self, bytes: &[u8]) -> Option<Problem> {
        if self.idle_after != Some(self.deadlines.tracker().started()) {
            return None;
        }
        self.line.problem(bytes.get(9..12)?)
    }

    fn close_with(&mut self, problem: Problem) {
        self.last_answer = Some(self.line.answer(&problem.at(&self.problem_base)).into());
    }

    fn poll_last_answer(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(answer) = &mut self.last_answer else { return Poll::Ready(Ok(())) };
        while answer.has_remaining() {
            let written = match Pin::new(&mut self.stream).poll_write(context, answer) {
                Poll::Ready(written) => written?,
                Poll::Pending => return self.deadlines.poll_stalled(context).map(|()| Err(io::ErrorKind::TimedOut.into())),
            };
            self.deadlines.record_write(written);
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            answer.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the last answer and the end of the stream, then reads until the client closes: a socket that is closed with
    /// unread bytes is reset, and the client may lose the answer.
    fn poll_close(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_last_answer(context))?;
        ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        let mut discarded = [0; 8192];
        while self.drained < MAX_DRAIN {
            let mut buffer = ReadBuf::new(&mut discarded);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => self.drained += buffer.filled().len(),
                Poll::Ready(_) => break,
                Poll::Pending => {
                    let end = *self.drain_until.get_or_insert_with(|| Instant::now() + DRAIN_TIMEOUT);
                    return self.deadlines.poll_until(end, context).map(Ok);
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if Pin::new(&mut self.stream).poll_read(context, buffer)?.is_pending() {
            if self.idleness.is_closing(context) && self.deadlines.is_idle() {
                return Poll::Ready(Ok(()));
            }
            let expired = ready!(self.deadlines.poll_expired(context));
            if expired == Expired::RequestHead && self.last_answer.is_none() {
                self.close_with(Problem::new(Kind::RequestTimeout, "The request did not arrive in time."));
            }
            // actix-http reads this as the end of the client's stream, and closes the connection.
            return Poll::Ready(Ok(()));
        }
        if buffer.filled().len() > before {
            self.deadlines.record_read();
            self.line.read(&buffer.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.last_answer.is_none()
            && let Some(problem) = self.refusal(bytes)
        {
            self.close_with(problem);
        }
        if self.last_answer.is_some() {
            // actix-http drops the connection once its refusal is written.
            ready!(self.poll_close(context))?;
            return Poll::Ready(Ok(bytes.len()));
        }
        self.line = RequestLine::default();
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Pending => self.deadlines.poll_stalled(context).map(|()| Err(io::ErrorKind::TimedOut.into())),
            Poll::Ready(written) => {
                let written = written?;
                self.deadlines.record_write(written);
                Poll::Ready(Ok(written))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.last_answer.is_some() {
            return self.poll_last_answer(context);
        }
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        let tracker = self.deadlines.tracker();
        // actix-http flushes only when its buffer is written in full.
        self.idle_after = (!tracker.in_progress()).then(|| tracker.started());
        if self.idle_after.is_some() {
            self.idleness.begin();
        }
        // The next head may have begun with the bytes of the request before, so that no read waits for the rest.
        if self.deadlines.poll_expired(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.last_answer.is_some() {
            return self.poll_close(context);
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl ActixStream for ClientStream {
    fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_read_ready(&self.stream, context)
    }

    fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(&self.stream, context)
    }
}

#[cfg(test)]
mod tests;
