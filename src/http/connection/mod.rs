//! Owns the connection of a client: its byte stream, its time limits, and how a body is sent.
//! Must not know requests, handlers or datasets.

pub mod chunked_body;
pub mod idleness;
pub mod refusal;
pub mod stream;
pub mod timeouts;
