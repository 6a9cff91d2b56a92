//! Owns building responses: the JSON envelope, links, notices, files, errors, and the response through the cache.
//! Must not know any one handler.

pub mod absent;
pub mod code_notices;
pub mod envelope;
pub mod error_response;
pub mod file;
pub mod geography_errors;
pub mod header_names;
pub mod included;
pub mod links;
pub mod next_page;
pub mod notices;
pub mod refusals;
pub mod respond_cached;
pub mod row_stream;
