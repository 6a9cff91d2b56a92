//! Owns what tests stand on: a Postgres of their own for each run, a database for each test that writes, the real
//! server on a free port, and a client.
//! Must not know what is tested.

mod bundle;
mod client;
mod cluster;
mod example_data;
mod form;
pub mod four_releases;
mod program;
mod proxy;
mod server;
mod standby;

pub use bundle::{SOURCES, bundle, territories};
pub use client::{Reply, ask, get, get_late, get_late_in, head, raw, send};
pub use cluster::{close, cluster_log, database, open, root_directory};
pub use example_data::world;
pub use form::{Form, key};
pub use program::{Program, bundles, data_dir, kill, postmaster, text};
pub use proxy::{Network, Proxy};
pub use server::{
    TestServer, UPLOAD_LIMIT, bundled, bundled_server, migrated, owner, publish, replicated, shared, with_database,
};
pub use standby::{Pair, Postgres};
