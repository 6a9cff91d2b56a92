//! Owns the database: connections, migrations, and every piece of SQL. Reading goes through plans; writing through
//! one publication at a time.
//! Must not know HTTP, file formats, or any one dataset.

pub mod connection;
pub mod error;
pub mod read;
mod schema;
pub mod setup;
pub mod sql;
pub mod verify;
pub mod write;

pub use crate::db::connection::pool::Pool;
pub use crate::db::connection::release_watcher::Timeline;
pub use crate::db::connection::replicas::Replicas;
pub use crate::db::error::DbError;
