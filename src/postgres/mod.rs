//! Owns the private Postgres that runs when no database is configured: finds the server's binaries, makes a cluster,
//! keeps it running, and stops it.
//!
//! The crates made for this were looked at first: `postgresql_embedded` cannot run as root and turns fsync off,
//! `pgtemp` makes only passing clusters and calls `sudo`, `pg-embed` downloads. Must not know what is stored.

mod account;
mod binaries;
mod cluster;
mod supervisor;

pub use crate::postgres::binaries::tool;
pub use crate::postgres::cluster::{Cluster, Durability, Urls};
pub use crate::postgres::supervisor::Server;
