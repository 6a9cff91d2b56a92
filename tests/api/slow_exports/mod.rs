//! Slow exports: a client has its share of them, and one that reads too slowly loses its place to one that waits.

mod memory;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use reperes::app::Shared;
use reperes::http::Bounds;
use reperes::http::export_places::ExportLimits;
use reperes::query::Representation;

use crate::harness::{Reply, TestServer, ask, bundled_server, get, shared, until};

/// The longest time until a server answers: longer than it lets an export wait.
const ANSWER: Duration = Duration::from_secs(60);

/// Many rows of text in each representation.
const TARGET: &str = "/v1/territories?within=FR";

/// A client that asks for an export and reads only its head.
struct SlowClient {
    stream: TcpStream,
    /// The status of the answer.
    status: u16,
    head: String,
}

impl SlowClient {
    /// Sends a request for a client behind the proxy, with a small buffer, so that the server soon waits.
    fn ask(address: SocketAddr, target: &str, client: &str) -> Self {
        let mut stream = TcpStream::connect(address).expect("the server accepts connections");
        rustix::net::sockopt::set_socket_recv_buffer_size(&stream, 16 << 10).expect("a buffer can be set");
        stream.set_read_timeout(Some(ANSWER)).expect("a time limit can be set");
        let request = format!("GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nX-Forwarded-For: {client}\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("the server reads");
        Self { stream, status: 0, head: String::new() }
    }

    /// Reads the head of the answer, byte by byte.
    fn answered(mut self) -> Self {
        let mut byte = [0];
        while !self.head.ends_with("\r\n\r\n") {
            self.stream.read_exact(&mut byte).expect("the server answers");
            self.head.push(char::from(byte[0]));
        }
        self.status = self.head[9..12].parse().expect("a status");
        self
    }

    fn open(address: SocketAddr, target: &str, client: &str) -> Self {
        Self::ask(address, target, client).answered()
    }

    /// Reads to the end. Returns whether the last chunk came.
    fn comes_whole(mut self) -> bool {
        rustix::net::sockopt::set_socket_recv_buffer_size(&self.stream, 1 << 20).expect("a buffer can be set");
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).is_ok() && rest.ends_with(b"0\r\n\r\n")
    }
}

/// Sends a request for a client behind the proxy and reads the whole answer.
fn read(address: SocketAddr, target: &str, client: &str) -> Reply {
    ask(address, "GET", target, &[format!("X-Forwarded-For: {client}")])
}

fn server(exports: ExportLimits) -> (TestServer, Shared) {
    let proxies = vec!["127.0.0.1/32".parse().expect("a network")];
    let shared = shared(&bundled_server().url).within(Bounds { exports, proxies, ..Bounds::default() });
    (TestServer::with(&bundled_server().url, shared.clone()), shared)
}

#[test]
fn a_client_has_its_share_in_every_representation() {
    let limits = ExportLimits { places: 16, places_each: 2, ..ExportLimits::default() };
    let (server, shared) = server(limits);
    let mut tried = 0;
    for representation in Representation::ALL.iter().filter(|one| ![Representation::Json, Representation::JsonStat].contains(one))
    {
        let dataset = if *representation == Representation::SdmxCsv { "observations" } else { "territories" };
        if *representation == Representation::Scdl {
            continue;
        }
        let target = format!("/v1/{dataset}?format={}", representation.name());
        let held: Vec<SlowClient> = (0..2).map(|_| SlowClient::open(server.address, &target, "192.0.2.1")).collect();
        assert!(held.iter().all(|slow| slow.status == 200), "{target}");
        let refused = read(server.address, &target, "192.0.2.1");
        if shared.export_places.running() == 2 {
            assert_eq!(refused.header("retry-after"), Some("5"), "{target}");
            let problem = refused.problem(429);
            assert_eq!(problem["type"], "/problems/too-many-requests", "{problem}");
            tried += 1;
        }
        assert!(read(server.address, &target, "192.0.2.2").whole, "{target}: another client");
        assert_eq!(read(server.address, "/v1/territories/COM-59350", "192.0.2.1").status, 200, "what is no export has no share");
        drop(held);
        until("the places are free again", || shared.export_places.running() == 0);
    }
    assert!(tried >= 4, "only {tried} representations have so many bytes that their clients can be slow");
}

#[test]
fn a_slow_export_ends_for_one_that_waits_and_a_fast_one_does_not() {
    let limits = ExportLimits { places: 3, places_each: 2, ..ExportLimits::default() };
    let (server, shared) = server(limits);
    let target = format!("{TARGET}&format=ndjson");
    let mut held: Vec<SlowClient> = (0..2).map(|_| SlowClient::open(server.address, &target, "192.0.2.1")).collect();
    held.push(SlowClient::open(server.address, &target, "192.0.2.2"));
    assert_eq!(shared.export_places.running(), 3);
    let waited = read(server.address, &target, "192.0.2.3");
    assert!(waited.status == 200 && waited.whole, "{}", waited.text());
    let mut whole: Vec<bool> = held.drain(..).map(SlowClient::comes_whole).collect();
    assert_eq!(whole.pop(), Some(true), "a client with one place keeps it while another has two");
    assert_eq!(whole.iter().filter(|whole| !**whole).count(), 1, "one export was ended, and its client can tell");
    until("the places are free again", || shared.export_places.running() == 0);
}

#[test]
fn without_anybody_who_waits_a_slow_export_goes_on() {
    let (server, shared) = server(ExportLimits { places: 2, places_each: 1, ..ExportLimits::default() });
    let target = format!("{TARGET}&format=csv");
    let slow = SlowClient::open(server.address, &target, "192.0.2.1");
    assert_eq!(shared.export_places.running(), 1);
    std::thread::sleep(Duration::from_secs(7));
    assert!(read(server.address, &target, "192.0.2.2").whole);
    assert!(slow.comes_whole());
}

#[test]
fn workbooks_are_refused_before_their_head_when_they_have_no_room() {
    let (server, shared) = server(ExportLimits { temporary: 4_000_000, ..ExportLimits::default() });
    let refused = read(server.address, &format!("{TARGET}&format=xlsx"), "192.0.2.1");
    assert_eq!(refused.header("retry-after"), Some("5"));
    let problem = refused.problem(429);
    assert_eq!(
        problem["detail"],
        "The workbooks of one address may hold 2 MB of temporary files at once: take `csv`, `ndjson` or `parquet`, which need none, or filter more."
    );
    assert!(read(server.address, "/v1/units?format=xlsx", "192.0.2.1").whole, "a small workbook has room");
    assert!(read(server.address, &format!("{TARGET}&format=csv"), "192.0.2.1").whole, "CSV needs none");
    until("the places are free again", || shared.export_places.running() == 0);
    assert_eq!(get(server.address, "/v1/territories?format=xlsx&limit=10").status, 200, "a page has no share");
}
