//! The harness itself: servers, databases and folders of a test end with the test, also when it panics. The test program then
//! has few open files and leaves nothing behind.

use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;

use crate::harness::{SOURCES, TestServer, bundle, data_dir, database, publish, until, with_database};

/// The server, the database and the folder that one test has started.
struct Started {
    address: SocketAddr,
    database: String,
    folder: PathBuf,
}

/// Runs a test on a thread of its own, as the test program runs each test. It starts a server, publishes and may panic.
fn test(panics: bool) -> Started {
    let (sender, started) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let server = TestServer::empty();
        let folder = bundle(&[("sources", SOURCES)]);
        publish(&server.url, &folder).expect("the bundle is right");
        let database = server.url.rsplit('/').next().expect("the URL names a database").to_owned();
        assert!(folder.is_dir() && exists(&server.url, &database));
        TcpStream::connect(server.address).expect("the server accepts connections");
        sender.send(Started { address: server.address, database, folder }).expect("the other test waits");
        assert!(!panics, "a test that fails");
    });
    assert_eq!(thread.join().is_err(), panics);
    started.recv().expect("the test has started everything")
}

/// Whether the cluster of a database has a database of this name.
fn exists(url: &str, name: &str) -> bool {
    with_database(url, async |client| {
        let found = client.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]).await;
        found.expect("the catalogue can be read").is_some()
    })
}

#[test]
fn a_test_leaves_no_server_no_database_and_no_folder_at_its_end() {
    let own = database();
    for panics in [false, true] {
        let Started { address, database, folder } = test(panics);
        until("the server stops", || TcpStream::connect(address).is_err());
        until("the database is dropped", || !exists(&own, &database));
        until("the folder is removed", || !folder.exists());
    }
}

#[test]
fn a_data_directory_is_removed_when_its_test_ends() {
    let folder = std::thread::spawn(|| {
        let folder = data_dir();
        std::fs::create_dir_all(folder.join("postgres")).expect("a folder can be made");
        folder
    });
    let folder = folder.join().expect("the folder was made");
    until("the folder is removed", || !folder.exists());
}
