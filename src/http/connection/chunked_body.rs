//! Owns large bodies in chunks. actix-http copies what a body yields into the write buffer of its connection: with a body
//! yielded whole, a thousand clients that read slowly hold a thousand copies of one cached answer.
//! Must not know what is answered, nor to whom.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;

/// The size of a chunk in bytes; a connection buffers at most two.
const CHUNK: usize = 64 * 1024;

struct ChunkedBody(Bytes);

/// Makes a body of known bytes yield them one chunk at a time; its length stays known.
pub fn chunked(body: BoxBody) -> BoxBody {
    match body.size() {
        BodySize::Sized(size) if size > CHUNK as u64 => match body.try_into_bytes() {
            Ok(whole) => BoxBody::new(ChunkedBody(whole)),
            Err(body) => body,
        },
        _ => body,
    }
}

impl MessageBody for ChunkedBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let next = CHUNK.min(self.0.len());
        Poll::Ready(Some(Ok(self.0.split_to(next))))
    }
}
