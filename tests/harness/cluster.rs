//! Owns the Postgres of the tests: one cluster for each test program, in its folder, stopped when it exits.
//! Must not know what is stored.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use reperes::postgres::{Cluster, Durability, Server};

use super::cleanup::{acquire_permit, at_end};
use super::scratch::{at_exit, root_directory};
use super::wait::run;

/// The connections that Postgres accepts: enough for all tests that run at once.
const CONNECTIONS: usize = 400;

static SERVER: Mutex<Option<Server>> = Mutex::new(None);

static URL: LazyLock<String> = LazyLock::new(|| {
    let bin_dir = std::env::var_os("POSTGRES_BIN_DIR").map(PathBuf::from);
    let cluster = Cluster::open((&root_directory().join("cluster"), true), bin_dir.as_deref(), Durability::Passing, &|| false)
        .expect("the tests need Postgres's server binaries");
    let server = Server::start(cluster, CONNECTIONS, &|| false).expect("the tests' Postgres starts");
    let url = server.urls().owner.clone();
    *SERVER.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
    at_exit(|| drop(SERVER.lock().unwrap_or_else(PoisonError::into_inner).take()));
    url
});

/// The URL of the cluster's first database.
fn cluster_url() -> &'static str {
    &URL
}

/// The directory of Postgres's binaries, read from how the cluster was started.
pub fn binaries() -> PathBuf {
    cluster_url();
    let options = fs::read_to_string(root_directory().join("cluster/postgres/postmaster.opts")).expect("the cluster runs");
    let program = options.split('"').next().map(str::trim).expect("the file starts with the path of the program");
    Path::new(program).parent().expect("the program is in a directory").to_owned()
}

/// The log of the cluster.
pub fn cluster_log() -> PathBuf {
    cluster_url();
    root_directory().join("cluster/postgres.log")
}

/// Creates an empty database and returns its URL. It is dropped when the test ends.
pub fn database() -> String {
    created("")
}

/// Creates a copy of a database that is closed, and returns the URL of the copy for the same role. It is dropped when the test ends.
pub fn copy_of(url: &str) -> String {
    let copy = created(&format!(" TEMPLATE {}", database_name(url)));
    format!("{}/{}", url.rsplit_once('/').expect("the URL names a database").0, database_name(&copy))
}

fn created(options: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    acquire_permit();
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    command(&format!("CREATE DATABASE {name}{options}"));
    let url = cluster_url().replace("/postgres", &format!("/{name}"));
    at_end(move || command(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
    url
}

/// Makes a database unavailable: ends its connections and refuses new ones.
pub fn close(url: &str) {
    let name = database_name(url);
    allow_connections(name, false);
    command(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
}

/// Lets a database that was closed accept connections again.
pub fn open(url: &str) {
    allow_connections(database_name(url), true);
}

fn database_name(url: &str) -> &str {
    url.rsplit('/').next().expect("the URL names a database")
}

fn allow_connections(name: &str, allowed: bool) {
    command(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}"));
}

fn command(statement: &str) {
    run(statement, async {
        let (client, connection) =
            tokio_postgres::connect(cluster_url(), tokio_postgres::NoTls).await.expect("the cluster accepts connections");
        tokio::spawn(connection);
        client.batch_execute(statement).await.expect("the owner of the cluster may do it");
    });
}
