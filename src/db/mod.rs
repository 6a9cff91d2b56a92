//! Owns the database: connections, migrations, and every piece of SQL. Reading goes through plans; writing through
//! one publication at a time.
//! Must not know HTTP, file formats, or any one dataset.

pub mod against;
pub mod aggregate;
pub mod audit;
pub mod changes;
pub mod comparison;
mod conditions;
pub mod connect;
mod connections;
pub mod digest;
pub mod error;
pub mod export;
pub mod fate;
mod filter;
pub mod geography;
pub mod grants;
pub mod history;
pub mod integrity;
pub mod keys;
mod keyset;
mod latest;
pub mod lookup;
pub mod merge;
pub mod migrate;
pub mod notices;
pub mod outage;
pub mod pool;
pub mod publication;
pub mod publications;
pub mod ranking;
pub mod read;
mod references;
pub mod related;
pub mod replicas;
mod schema;
mod search;
pub mod select;
mod source;
mod sql;
pub mod stage;
mod strata;
pub mod timeline;
pub mod withdrawal;

pub use error::DbError;
pub use pool::Pool;
pub use replicas::Replicas;
pub use timeline::Timeline;
