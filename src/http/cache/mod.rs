//! Owns caching: the response cache, the index from requests to its entries, validators, content codings.
//! Must not know how a response is computed.

pub mod compression;
pub mod etag;
pub mod outcome;
pub mod policy;
pub mod request_index;
pub mod response_cache;
