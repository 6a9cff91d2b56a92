//! Owns parsing a request: its path, its query and its headers.
//! Must not know what the values mean to a handler.

pub mod accept;
pub mod header_lists;
pub mod path_and_query;
pub mod paths;
pub mod public_address;
pub mod release_parameters;
