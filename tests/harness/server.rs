//! Owns the server under test: the real server, on a free port, on a database that is set up as the program sets it up. The
//! server stops when the test ends.
//! Must not know what a test checks.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use reperes::app::{Disk, Shared};
use reperes::datasets::REGISTRY;
use reperes::db::ReleaseWatcher;
use reperes::db::connection::config::Database;
use reperes::db::connection::pool::Limits;
use reperes::db::setup::comments;
use reperes::db::setup::migrations::{self, SetupLock};
use reperes::db::setup::roles;
use reperes::publication::Report;
use reperes::publish::{self, FileTree, PublishError, QueueSettings, ReaderLimits, ReaderSettings};
use reperes::server::{Server, ShutdownTimeouts, Socket};

use super::cleanup::{acquire_permit, at_end, keep_for_all_tests};
use super::cluster::database;
use super::scratch::root_directory;
use super::wait::{EVENT_TIMEOUT, run};

/// The most bytes of a publication in tests.
pub const UPLOAD_LIMIT: u64 = 200_000;

/// The most bytes of responses that a server under test caches.
const CACHE_BYTES: u64 = 16 << 20;

/// The worker threads of a server under test: two, so that the tests cover state that workers share.
const WORKERS: usize = 2;

/// A server under test.
#[derive(Clone)]
pub struct TestServer {
    /// The address on which it listens.
    pub address: SocketAddr,
    /// The URL of its database.
    pub url: String,
}

impl TestServer {
    /// A server on a database of its own with nothing published.
    pub fn empty() -> Self {
        Self::on(&migrated())
    }

    /// A server on a database.
    pub fn on(url: &str) -> Self {
        Self::with(url, shared(url))
    }

    /// A server on a database, whose workers share this state.
    pub fn with(url: &str, shared: Shared) -> Self {
        let release_watcher = shared.release_watcher.clone();
        let address = serve(async move || {
            let socket = Socket::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
            let server = Server::new(socket, shared, Some(WORKERS), ShutdownTimeouts { grace: Duration::ZERO, wait: 1 });
            let address = server.address()?;
            release_watcher.wait_until_current().await;
            Ok((address, server.start()?))
        });
        Self { address, url: url.to_owned() }
    }
}

/// Runs an actix server on a thread of its own until the test ends. Returns the address on which it listens.
pub fn serve<F>(start: F) -> SocketAddr
where
    F: AsyncFnOnce() -> io::Result<(SocketAddr, actix_web::dev::Server)> + Send + 'static,
{
    acquire_permit();
    let (started, starting) = mpsc::channel();
    let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
    let (ended, ending) = mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new()
            .block_on(async {
                let (address, server) = start().await.expect("the server starts");
                let handle = server.handle();
                started.send(address).expect("the test waits for the address");
                actix_web::rt::spawn(async move {
                    // The sender of a server that is kept for all tests is dropped without a message.
                    if stopping.await.is_ok() {
                        handle.stop(false).await;
                    }
                });
                server.await
            })
            .expect("the server runs");
        _ = ended.send(());
    });
    let address = starting.recv_timeout(EVENT_TIMEOUT).expect("the server starts within the time limit");
    at_end(move || {
        _ = stop.send(());
        let outcome = ending.recv_timeout(EVENT_TIMEOUT);
        assert!(outcome.is_ok(), "timed out: the server on {address} stops");
    });
    address
}

/// The limits that tests run under.
fn limits() -> Limits {
    let limit = Duration::from_secs(20);
    Limits { connections: 1, wait: limit, statement: limit, in_flight: 256, heavy: 4, heavy_each: 4 }
}

/// Publications are small in tests, so that a test can easily send one that is too large.
fn disk(reader: ReaderSettings) -> Disk {
    let publishing = QueueSettings { uploads: root_directory().join("uploads"), recipes: recipes(), reader, limit: UPLOAD_LIMIT };
    Disk { files: root_directory().join("files"), publishing }
}

/// The reading of files by the program under test: the tests themselves have no such command.
pub fn reader() -> ReaderSettings {
    ReaderSettings { program: env!("CARGO_BIN_EXE_reperes").into(), limits: ReaderLimits::default() }
}

/// The recipes that are called by name.
fn recipes() -> FileTree {
    FileTree::Folder("data/recipes".into())
}

/// The state that the workers of a server on a database share.
pub fn shared(url: &str) -> Shared {
    replicated(url, &[])
}

/// The state that the workers of a server share, on a database with replicas.
pub fn replicated(url: &str, replicas: &[&str]) -> Shared {
    shared_on(url, replicas, reader())
}

/// The state that the workers of a server share, whose publications are read within limits.
pub fn shared_within(url: &str, limits: ReaderLimits) -> Shared {
    shared_on(url, &[], ReaderSettings { limits, ..reader() })
}

fn shared_on(url: &str, replicas: &[&str], reader: ReaderSettings) -> Shared {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    acquire_permit();
    let replicas = replicas.iter().map(|url| parse(url)).collect();
    let shared = Shared::new(parse(url), replicas, limits(), disk(reader), CACHE_BYTES);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let follower = Follower { number, url: url.to_owned(), release_watcher: shared.release_watcher.clone() };
    FOLLOWERS.lock().unwrap_or_else(PoisonError::into_inner).push(follower);
    at_end(move || FOLLOWERS.lock().unwrap_or_else(PoisonError::into_inner).retain(|one| one.number != number));
    shared
}

/// The releases of its database that one server knows.
#[derive(Clone)]
struct Follower {
    number: u64,
    url: String,
    release_watcher: ReleaseWatcher,
}

/// The servers that tests have started and not ended.
static FOLLOWERS: Mutex<Vec<Follower>> = Mutex::new(Vec::new());

/// Waits until every server on a database knows a release, so that a test may request what it has just published.
async fn known_to_servers(url: &str, release: i32) {
    let followers = FOLLOWERS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let deadline = Instant::now() + EVENT_TIMEOUT;
    for follower in followers.iter().filter(|follower| follower.url == url) {
        while follower.release_watcher.newest().is_none_or(|newest| newest.number < release) {
            assert!(Instant::now() < deadline, "timed out: server {} on {url} learns of release {release}", follower.number);
            follower.release_watcher.wait_for(release).await;
        }
    }
}

/// The address of the server on the bundled data, the same for all tests that only read.
pub fn bundled() -> SocketAddr {
    bundled_server().address
}

/// The server on the bundled data, with its database.
pub fn bundled_server() -> &'static TestServer {
    static SERVER: LazyLock<TestServer> = LazyLock::new(|| {
        keep_for_all_tests(|| {
            let url = migrated();
            run("the bundled data is published", async {
                let mut client = parse(&url).writer().await.expect("the database accepts connections");
                publish::publish_missing(
                    &mut client,
                    REGISTRY,
                    &FileTree::Folder("data".into()),
                    (&recipes(), &reader()),
                    &|_| (),
                )
                .await
                .expect("the bundled data is right");
            });
            TestServer::on(&url)
        })
    });
    &SERVER
}

/// Publishes a bundle.
pub fn publish(url: &str, folder: &Path) -> Result<Report, PublishError> {
    run(&format!("{} is published", folder.display()), async {
        let mut client = parse(url).writer().await.expect("the database accepts connections");
        let report = publish::publish_folder(&mut client, REGISTRY, folder, (&recipes(), &reader()), None).await?;
        if let Some(release) = report.release {
            known_to_servers(url, release).await;
        }
        Ok(report)
    })
}

/// Makes a database with nothing published and returns its URL for the role that serves. The database is dropped when the
/// test ends.
pub fn migrated() -> String {
    set_up(&database())
}

/// Creates the tables and the role that serves, and returns the URL for that role.
pub fn set_up(owner: &str) -> String {
    let service = owner.replace("//reperes@", "//reperes_service@");
    run("a database is set up", async {
        let (owner, service) = (parse(owner), parse(&service));
        let lock = SetupLock::acquire(&owner, || ()).await.expect("the database accepts connections");
        migrations::run(&owner, &lock, || ()).await.expect("the migrations run");
        let mut client = owner.writer().await.expect("the database accepts connections");
        comments::apply(&client, REGISTRY).await.expect("the owner may comment");
        roles::ensure_role(&client, &service).await.expect("the role can be made");
        assert!(roles::apply(&mut client, &service, REGISTRY).await.expect("rights can be given"));
        lock.release().await.expect("the lock can be released");
    });
    service
}

/// The URL of the same database for its owner, which only triggers can stop from changing published rows.
pub fn owner(url: &str) -> String {
    url.replace("//reperes_service@", "//reperes@")
}

fn parse(url: &str) -> Database {
    Database::parse(url).expect("the URL is one of a Postgres database")
}

/// Runs work on a connection of the role that a URL names.
pub fn with_database<T>(url: &str, work: impl AsyncFnOnce(&mut tokio_postgres::Client) -> T) -> T {
    run("work of a test on its database", async {
        let mut client = parse(url).writer().await.expect("the database accepts connections");
        work(&mut client).await
    })
}
