//! Owns what surrounds every request, whatever its handler: the log line, limits, authentication, problems for failures.
//! Must not know any one handler.

pub mod authentication;
pub mod client_ip;
pub mod limits;
pub mod pipeline;
pub mod rate_limit;
pub mod security_headers;
