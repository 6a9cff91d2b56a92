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

pub use connection::pool::{HeavyReads, Pool};
pub use connection::reading_connection::ReadingConnection;
pub use connection::release_watcher::ReleaseWatcher;
pub use connection::replicas::Replicas;
pub use diesel::QueryResult;
pub use error::DbError;
