//! Owns parsing a request: its path, its query and its `Accept` header.
//! Must not know what the values mean to a handler.

pub mod accept;
pub mod path_and_query;
pub mod paths;
pub mod release_parameters;
