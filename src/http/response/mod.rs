//! Owns the parts that answers are made of: the JSON envelope, links, notices, headers and problem documents.
//! Must not know which handler answers.

pub mod absent;
pub mod computed_table;
pub mod envelope;
pub mod error_response;
pub mod file;
pub mod geography_errors;
pub mod header_names;
pub mod links;
pub mod notices;
pub mod refusals;
pub mod respond_cached;
pub mod row_stream;
