//! Owns the environment of the tests: a private Postgres for each run, a database for each test that writes, the real
//! server on a free port, and a client. Everything that a test starts ends with the test.
//! Must not know what a test checks.

mod bundle;
mod cleanup;
mod client;
mod cluster;
mod example_data;
mod form;
pub mod four_releases;
mod program;
mod proxy;
mod scratch;
mod server;
mod standby;
mod wait;

pub use bundle::{SOURCES, breakdowns, bundle, territories, units};
pub use cleanup::keep_for_all_tests;
pub use client::{Reply, ask, get, get_late, get_late_in, head, raw, send};
pub use cluster::{binaries, close, cluster_log, copy_of, database, open};
pub use example_data::{example_bundle, example_data};
pub use form::{Form, key};
pub use program::{Program, bundles, data_dir, kill, postmaster, text};
pub use proxy::{Network, Proxy};
pub use rustix::process::Signal;
pub use scratch::{root_directory, scratch};
pub use server::{
    TestServer, UPLOAD_LIMIT, bundled, bundled_server, migrated, owner, publish, reader, replicated, serve, shared,
    shared_within, with_database,
};
pub use standby::{Pair, Postgres};
pub use wait::{EVENT_TIMEOUT, SetOnDrop, until, until_exit};
