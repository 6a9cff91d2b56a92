//! Owns the tests' Postgres: one cluster for each test program, in memory where there is any, gone when it ends.
//! Must not know what is stored.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};

use reperes::postgres::{Cluster, Durability, Server};

static SERVER: Mutex<Option<Server>> = Mutex::new(None);

static URL: LazyLock<String> = LazyLock::new(|| {
    let directory = root_directory();
    let bin_dir = std::env::var_os("POSTGRES_BIN_DIR").map(PathBuf::from);
    let cluster = Cluster::open(&directory.join("cluster"), true, bin_dir.as_deref(), Durability::Passing)
        .expect("the tests need Postgres's server binaries");
    let server = Server::start(cluster, 800).expect("the tests' Postgres starts");
    let url = server.urls().owner.clone();
    *SERVER.lock().expect("nobody panicked with the server in hand") = Some(server);
    // SAFETY: the handler is a plain function of the right type, and may run at any time after this.
    unsafe { libc::atexit(clean_up) };
    url
});

extern "C" fn clean_up() {
    if let Ok(mut server) = SERVER.lock() {
        drop(server.take());
    }
    _ = fs::remove_dir_all(root_directory());
}

/// The directory of this test program.
pub fn root_directory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let directory = parent.join(format!("reperes-test-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a directory for the tests can be made");
    directory
}

/// The URL of the cluster's first database.
fn cluster_url() -> &'static str {
    &URL
}

/// The directory of Postgres's binaries, as the running cluster was started from it.
pub fn binaries() -> PathBuf {
    cluster_url();
    let started = fs::read_to_string(root_directory().join("cluster/postgres/postmaster.opts")).expect("the cluster runs");
    let program = started.split('"').next().map(str::trim).expect("it says how it was started");
    Path::new(program).parent().expect("it is in a directory").to_owned()
}

/// What the cluster writes of what it does.
pub fn cluster_log() -> PathBuf {
    cluster_url();
    root_directory().join("cluster/postgres.log")
}

/// Makes an empty database and gives its URL.
pub fn database() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    command(&format!("CREATE DATABASE {name}"));
    cluster_url().replace("/postgres", &format!("/{name}"))
}

/// Takes a database away from everybody: whoever is connected is thrown out, and nobody gets in.
pub fn close(url: &str) {
    let name = url.rsplit('/').next().expect("the URL names a database").to_owned();
    admit(&name, false);
    command(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
}

/// Gives it back.
pub fn open(url: &str) {
    admit(url.rsplit('/').next().expect("the URL names a database"), true);
}

fn admit(name: &str, connections: bool) {
    command(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {connections}"));
}

fn command(statement: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    runtime.block_on(async {
        let (client, connection) =
            tokio_postgres::connect(cluster_url(), tokio_postgres::NoTls).await.expect("the cluster takes connections");
        tokio::spawn(connection);
        client.batch_execute(statement).await.expect("the owner of the cluster may do it");
    });
}
