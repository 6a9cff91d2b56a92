//! Owns HTTP: endpoints, their handlers, their description, and what goes around every request.
//! Must not know any one dataset by itself: it serves the registry that it is given. Must not write SQL.

mod aggregate;
mod authorization;
pub mod bounds;
pub mod changes;
mod client;
mod coding;
pub mod collection;
mod comparison;
mod conditional;
pub mod contour;
pub mod docs;
mod dress;
pub mod endpoint;
pub mod envelope;
mod export;
mod failure;
pub mod feed;
pub mod files;
mod geography;
pub mod health;
mod history;
pub mod index;
pub mod item;
pub mod memory;
pub mod negotiation;
mod notice;
pub mod observe;
pub mod openapi;
pub mod operation;
mod parameter;
pub mod patience;
pub mod problems;
mod profile;
pub mod publish;
pub mod rate;
mod reply;
pub mod request;
pub mod schema;
mod state;
mod table;
mod wide;
pub mod wire;

pub use bounds::{Bounds, Counts};
pub use endpoint::Endpoint;
pub use state::State;
