//! Each worker has its own connections: a blocked worker does not delay the reads of another.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use actix_web::{HttpServer, web};
use reperes::app::{self, Shared};

use crate::harness::{self, get, migrated, publish, shared};

/// A persistent connection, which stays with one worker.
struct Kept(BufReader<TcpStream>);

impl Kept {
    fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server takes connections");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit can be set");
        Self(BufReader::new(stream))
    }

    fn ask(&mut self, target: &str) {
        write!(self.0.get_mut(), "GET {target} HTTP/1.1\r\nHost: test\r\n\r\n").expect("the request is sent");
    }

    fn answer(&mut self) -> (String, String) {
        let (mut status, mut length) = (String::new(), 0);
        self.0.read_line(&mut status).expect("a status line");
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("a header");
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().expect("a length"),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a body");
        (status, String::from_utf8_lossy(&body).into_owned())
    }
}

/// Serves the application with further routes of the test.
fn serve(more: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static) -> SocketAddr {
    let url = migrated();
    publish(&url, Path::new("tests/fixtures/bundles/01-small")).expect("the bundle is right");
    let shared = shared(&url);
    harness::serve(async move || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        // What `reperes::server::Server` does, which takes no further routes.
        let shared = Shared { problem_base: format!("http://{address}").into(), ..shared };
        let server = HttpServer::new(move || app::build(&shared).configure(&more));
        Ok((address, server.workers(2).disable_signals().listen(listener)?.run()))
    })
}

#[test]
fn a_blocked_worker_does_not_delay_the_reads_of_another() {
    let (release, stuck) = mpsc::channel::<()>();
    let stuck = Arc::new(Mutex::new(stuck));
    let address = serve(move |config| {
        let stuck = Arc::clone(&stuck);
        config.route("/worker", web::get().to(|| async { format!("{:?}", std::thread::current().id()) }));
        config.route(
            "/stick",
            web::get().to(move || {
                let stuck = Arc::clone(&stuck);
                async move {
                    _ = stuck.lock().expect("one sticks at a time").recv();
                    "free"
                }
            }),
        );
    });
    let mut kept: Vec<(Kept, String)> = (0..6)
        .map(|_| {
            let mut connection = Kept::open(address);
            connection.ask("/worker");
            let (_, worker) = connection.answer();
            (connection, worker)
        })
        .collect();
    let (mut first, one) = kept.remove(0);
    let (mut other, _) = kept.into_iter().find(|(_, worker)| *worker != one).expect("connections are spread over workers");
    for (connection, limit) in [(&mut first, 101), (&mut other, 102)] {
        connection.ask(&format!("/v1/territories?limit={limit}"));
        assert!(connection.answer().0.contains(" 200 "));
    }
    first.ask("/stick");
    for limit in 1..=20 {
        // Each request is a different page, which is read from the database.
        other.ask(&format!("/v1/territories?limit={limit}"));
        assert!(other.answer().0.contains(" 200 "));
    }
    release.send(()).expect("the worker still waits");
    assert_eq!(first.answer().1, "free");
}

#[test]
fn a_panic_answers_500_without_its_cause() {
    let address = serve(|config| {
        config.route("/panic", web::get().to(|| async { if true { panic!("a secret cause") } else { "" } }));
    });
    for _ in 0..3 {
        let problem = get(address, "/panic").problem(500);
        assert_eq!(problem["type"], "/problems/internal-error");
        assert!(!problem.to_string().contains("secret"));
        assert_eq!(get(address, "/v1/territories/COM-59350").status, 200);
    }
}
