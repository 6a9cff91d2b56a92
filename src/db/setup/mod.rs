//! Owns the preparation of a database: migrations, comments and roles.
//! Must not know what the rows mean.

pub mod comments;
pub mod migrations;
pub mod roles;
