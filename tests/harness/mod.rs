//! Owns what tests stand on: a Postgres of their own for each run, a database for each test that writes, the real
//! server on a free port, and a client.
//! Must not know what is tested.

mod client;
mod cluster;
mod server;

pub use client::{Reply, get, head, raw, send};
pub use cluster::{cluster_url, database, root_directory};
pub use server::{TestServer, bundled, limits, migrated, publish, shared};
