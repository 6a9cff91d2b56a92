//! Owns the giving of large answers in pieces. The framework copies what a body gives into the buffer of the connection: of
//! a body given whole, a client that reads slowly would hold a copy for itself, and a thousand of them a thousand copies of
//! one answer from memory.
//! Must not know what is answered, nor to whom.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;

/// The bytes of a piece: what a connection holds of its answer, up to as much again.
const PIECE: usize = 64 * 1024;

struct Pieces(Bytes);

/// The same body, whose bytes come one piece at a time.
pub fn in_pieces(body: BoxBody) -> BoxBody {
    match body.size() {
        BodySize::Sized(size) if size > PIECE as u64 => match body.try_into_bytes() {
            Ok(whole) => BoxBody::new(Pieces(whole)),
            Err(body) => body,
        },
        _ => body,
    }
}

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let next = PIECE.min(self.0.len());
        Poll::Ready(Some(Ok(self.0.split_to(next))))
    }
}
