//! Owns the private Postgres that runs if no database is configured: finds the server's binaries, creates a cluster, keeps
//! it running, and stops it.
//!
//! No crate does this: `postgresql_embedded` cannot run as root and turns fsync off, `pgtemp` creates only temporary
//! clusters and calls `sudo`, `pg-embed` downloads binaries. Must not know what is stored.

mod account;
mod binaries;
mod cluster;
mod process;
mod supervisor;

pub use crate::postgres::binaries::tool;
pub use crate::postgres::cluster::{Cluster, Durability, Urls};
pub use crate::postgres::supervisor::Server;
