//! Owns the reading of a request: its path, its query and what its `Accept` header prefers.
//! Must not know what the values mean to a handler.

pub mod accept;
pub mod path_and_query;
pub mod paths;
