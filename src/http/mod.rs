//! Owns HTTP: connections, middleware, routes, handlers, caching, and the OpenAPI document.
//! Must not know any one dataset: it serves the registry that it gets. Must not contain SQL.

pub mod cache;
pub mod connection;
pub mod deprecation;
mod execute;
pub mod export_places;
pub mod handlers;
pub mod middleware;
pub mod openapi;
mod reads;
pub mod release_files;
mod request;
mod response;
pub mod router;
mod state;

pub use handlers::starting::StartProgress;
pub use middleware::limits::{Bounds, RateLimiters};
pub use router::Endpoint;
pub use state::State;
