//! Owns what surrounds every request, whatever its handler; [`pipeline`] lists the stages.
//! Must not know any one handler.

pub mod authentication;
mod cached;
mod catch_panic;
pub mod client_ip;
mod client_rate_limit;
mod connection_tracking;
mod errors;
pub mod limits;
mod load_shedding;
pub mod pipeline;
pub mod rate_limit;
pub mod request_id;
mod request_limits;
mod request_log;
pub mod security_headers;
pub mod starting;
