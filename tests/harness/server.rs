//! Owns the server under test: the real one, on a free port, on a database set up as the program sets it up.
//! Must not know what is tested.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{LazyLock, mpsc};
use std::time::Duration;

use reperes::app::Shared;
use reperes::datasets::REGISTRY;
use reperes::db::connect::Database;
use reperes::db::migrate::{self, SetupLock};
use reperes::db::pool::Limits;
use reperes::publish::{self, PublishError, Report};
use reperes::server::Server;

use super::cluster::{database, root_directory};

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
        std::thread::spawn(move || {
            let server =
                Server::bind(SocketAddr::from(([127, 0, 0, 1], 0)), shared, Some(2), 1).expect("a free port can be bound");
            sender.send(server.address().expect("a bound server has an address")).expect("the test waits");
            actix_web::rt::System::new()
                .block_on(async { server.start().expect("the server starts").await })
                .expect("the server runs");
        });
        Self { address: receiver.recv().expect("the server starts"), url: url.to_owned() }
    }
}

/// The limits that tests run under.
fn limits() -> Limits {
    Limits { connections: 1, wait: Duration::from_secs(20), statement: Duration::from_secs(20) }
}

/// The recipes that are called by name.
pub const RECIPES: &str = "data/recipes";

/// What the workers of a server on a database share.
pub fn shared(url: &str) -> Shared {
    Shared::new(Database::parse(url).expect("the URL is one"), limits(), root_directory().join("files"))
}

/// The server on the bundled data, the same for all tests that only read.
pub fn bundled() -> SocketAddr {
    static SERVER: LazyLock<TestServer> = LazyLock::new(|| {
        let url = migrated();
        run(async {
            let mut client = Database::parse(&url).expect("the URL is one").writer().await.expect("the database is there");
            publish::publish_missing(&mut client, REGISTRY, Path::new("data"), Path::new(RECIPES))
                .await
                .expect("the bundled data is right");
        });
        TestServer::on(&url)
    });
    SERVER.address
}

/// Publishes a bundle.
pub fn publish(url: &str, folder: &Path) -> Result<Report, PublishError> {
    run(async {
        let mut client = Database::parse(url).expect("the URL is one").writer().await.expect("the database is there");
        publish::publish_folder(&mut client, REGISTRY, folder, Path::new(RECIPES), None).await
    })
}

/// Makes a database with nothing published and gives its URL.
pub fn migrated() -> String {
    let url = database();
    run(async {
        let database = Database::parse(&url).expect("the URL is one");
        let lock = SetupLock::acquire(&database).await.expect("the database is there");
        migrate::run(&database, &lock).await.expect("the migrations run");
        lock.release().await.expect("the lock can be given back");
    });
    url
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
