//! Owns HTTP: endpoints, their handlers, their description, and what goes around every request.
//! Must not know any one dataset by itself: it serves the registry that it is given. Must not write SQL.

pub mod cache;
pub mod connection;
mod execute;
pub mod handlers;
pub mod middleware;
pub mod openapi;
pub mod release_files;
mod request;
mod response;
pub mod router;
mod state;

pub use middleware::limits::{Bounds, RateLimiters};
pub use router::Endpoint;
pub use state::State;
