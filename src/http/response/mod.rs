//! Owns the parts that answers are made of: the JSON envelope, links, notices, headers and problem documents.
//! Must not know which handler answers.

pub mod computed_table;
pub mod envelope;
pub mod error_response;
pub mod geography_errors;
pub mod notices;
pub mod security_headers;
