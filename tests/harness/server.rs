//! Owns the server under test: the real one, on a free port, on a database set up as the program sets it up.
//! Must not know what is tested.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{LazyLock, Mutex, mpsc};
use std::time::Duration;

use reperes::app::{Disk, Shared};
use reperes::datasets::REGISTRY;
use reperes::db::Timeline;
use reperes::db::connection::config::Database;
use reperes::db::connection::pool::Limits;
use reperes::db::setup::migrations::{self, SetupLock};
use reperes::db::setup::roles;
use reperes::publish::{self, FileTree, PublishError, Report, Settings};
use reperes::server::{Leave, Server, Socket};

use super::cluster::{database, root_directory};

/// The most bytes of a publication in tests.
pub const UPLOAD_LIMIT: u64 = 200_000;

/// The most bytes of answers that a server under test keeps.
const MEMORY: u64 = 16 << 20;

/// A server under test.
#[derive(Clone)]
pub struct TestServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// The database that it reads.
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

    /// A server on a database, whose workers share this.
    pub fn with(url: &str, shared: Shared) -> Self {
        let (sender, receiver) = mpsc::channel();
        let timeline = shared.timeline.clone();
        std::thread::spawn(move || {
            let socket = Socket::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port can be bound");
            let server = Server::new(socket, shared, Some(2), Leave { grace: Duration::ZERO, wait: 1 });
            sender.send(server.address().expect("a bound server has an address")).expect("the test waits");
            actix_web::rt::System::new()
                .block_on(async {
                    timeline.heard().await;
                    server.start().expect("the server starts").await
                })
                .expect("the server runs");
        });
        Self { address: receiver.recv().expect("the server starts"), url: url.to_owned() }
    }
}

/// The limits that tests run under.
fn limits() -> Limits {
    Limits { connections: 1, wait: Duration::from_secs(20), statement: Duration::from_secs(20), in_flight: 256 }
}

/// Publications are small in tests, so that too large a one is easily sent.
fn disk() -> Disk {
    let publishing = Settings { uploads: root_directory().join("uploads"), recipes: recipes(), limit: UPLOAD_LIMIT };
    Disk { files: root_directory().join("files"), publishing }
}

/// The recipes that are called by name.
fn recipes() -> FileTree {
    FileTree::Folder("data/recipes".into())
}

/// What the workers of a server on a database share.
pub fn shared(url: &str) -> Shared {
    replicated(url, &[])
}

/// The same, where the database has replicas.
pub fn replicated(url: &str, replicas: &[&str]) -> Shared {
    let replicas = replicas.iter().map(|url| parse(url)).collect();
    let shared = Shared::new(parse(url), replicas, limits(), disk(), MEMORY);
    let mut following = FOLLOWING.lock().expect("nobody panicked with the list in hand");
    following.push((url.to_owned(), shared.timeline.clone()));
    shared
}

/// The servers of this program: the databases that they read, and what they know of their releases.
static FOLLOWING: Mutex<Vec<(String, Timeline)>> = Mutex::new(Vec::new());

/// Waits until every server on a database knows a release, so that a test may ask for what it has just published.
async fn known(url: &str, release: i32) {
    let all = FOLLOWING.lock().expect("nobody panicked with the list in hand").clone();
    for (_, timeline) in all.iter().filter(|(followed, _)| followed == url) {
        while timeline.newest().is_none_or(|newest| newest.number < release) {
            timeline.reached(release).await;
        }
    }
}

/// The server on the bundled data, the same for all tests that only read.
pub fn bundled() -> SocketAddr {
    bundled_server().address
}

/// The server on the bundled data, with its database.
pub fn bundled_server() -> &'static TestServer {
    static SERVER: LazyLock<TestServer> = LazyLock::new(|| {
        let url = migrated();
        run(async {
            let mut client = parse(&url).writer().await.expect("the database is there");
            publish::publish_missing(&mut client, REGISTRY, &FileTree::Folder("data".into()), &recipes())
                .await
                .expect("the bundled data is right");
        });
        TestServer::on(&url)
    });
    &SERVER
}

/// Publishes a bundle.
pub fn publish(url: &str, folder: &Path) -> Result<Report, PublishError> {
    run(async {
        let mut client = parse(url).writer().await.expect("the database is there");
        let report = publish::publish_folder(&mut client, REGISTRY, folder, &recipes(), None).await?;
        if let Some(release) = report.release {
            known(url, release).await;
        }
        Ok(report)
    })
}

/// Makes a database with nothing published and gives its URL for the role that serves, as which everything is tested.
pub fn migrated() -> String {
    set_up(&database())
}

/// Makes the tables and the role that serves, and gives its URL.
pub fn set_up(owner: &str) -> String {
    let service = owner.replace("//reperes@", "//reperes_service@");
    run(async {
        let (owner, service) = (parse(owner), parse(&service));
        let lock = SetupLock::acquire(&owner).await.expect("the database is there");
        migrations::run(&owner, &lock).await.expect("the migrations run");
        let mut client = owner.writer().await.expect("the database is there");
        roles::ensure_role(&client, &service).await.expect("the role can be made");
        assert!(roles::apply(&mut client, &service, REGISTRY).await.expect("rights can be given"));
        lock.release().await.expect("the lock can be given back");
    });
    service
}

/// The URL of the same database for its owner, whom only triggers stop.
pub fn owner(url: &str) -> String {
    url.replace("//reperes_service@", "//reperes@")
}

fn parse(url: &str) -> Database {
    Database::parse(url).expect("the URL is one")
}

/// Runs work on a connection of the role that a URL names.
pub fn with_database<T>(url: &str, work: impl AsyncFnOnce(&mut tokio_postgres::Client) -> T) -> T {
    run(async {
        let mut client = parse(url).writer().await.expect("the database is there");
        work(&mut client).await
    })
}

/// Runs a future to its end.
pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime can be made")
        .block_on(future)
}
