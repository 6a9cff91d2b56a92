//! Owns the preparation of a database: migrations and roles.
//! Must not know what the rows mean.

pub mod migrations;
pub mod roles;
