//! Owns cached answers: the store, the index from requests to entries, validators (RFC 9110, section 13) and codings.
//! Must not know how an answer is made.

pub mod compression;
pub mod etag;
pub mod request_index;

pub mod response_cache;
