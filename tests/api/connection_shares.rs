//! Connections: each address has a share, and idle ones make room for an address that has fewer.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use reperes::http::Bounds;
use reperes::http::connection::timeouts::Timeouts;
use reperes::metrics::ConnectionCounters;
use rustix::net::{AddressFamily, SocketType};

use crate::harness::{EVENT_TIMEOUT, TestServer, migrated, publish, shared, until};

const REQUEST: &[u8] = b"GET /v1/territories/COM-59350 HTTP/1.1\r\nHost: t\r\n";

/// A server on the small bundle, and its counters.
fn server_with(bounds: Bounds) -> (TestServer, ConnectionCounters) {
    let url = migrated();
    publish(&url, Path::new("tests/fixtures/bundles/01-small")).expect("the bundle is right");
    let shared = shared(&url).within(bounds);
    let counts = shared.metrics.connections();
    (TestServer::with(&url, shared), counts)
}

/// A connection from an address of this machine.
fn connect_from(address: &str, server: SocketAddr) -> TcpStream {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    let own: SocketAddr = format!("{address}:0").parse().expect("an address");
    rustix::net::bind(&socket, &own).expect("every address of 127.0.0.0/8 is this machine");
    rustix::net::connect(&socket, &server).expect("the server takes connections");
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(EVENT_TIMEOUT)).expect("a time limit can be set");
    stream
}

/// The answer to a request from an address of this machine; empty if the server closes the connection.
fn from(address: &str, server: SocketAddr) -> String {
    let mut stream = connect_from(address, server);
    // A server that refuses the connection may have closed it already.
    _ = stream.write_all(&[REQUEST, b"Connection: close\r\n\r\n"].concat());
    let mut said = String::new();
    _ = stream.read_to_string(&mut said);
    said
}

/// Whether the server has closed a connection.
fn is_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("a socket can be set");
    match (&*stream).read(&mut [0; 4096]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

/// The connections of the server, whose other ends are in this process too: it may open no more than 1,024 files.
const TOTAL: usize = 200;

/// The connections of one address.
const SHARE: u64 = 20;

#[test]
fn the_connections_of_one_address_leave_room_for_those_of_another() {
    let bounds = Bounds { connections: TOTAL, connections_per_client: SHARE, ..Bounds::default() };
    let (server, _) = server_with(bounds);
    // The first address opens as many as the server may have. None of them sends anything.
    let idle: Vec<TcpStream> = (0..TOTAL).map(|_| connect_from("127.0.0.1", server.address)).collect();
    for _ in 0..20 {
        let said = from("127.0.0.2", server.address);
        assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
    }
    // Refused ones are closed, with an answer once few are being refused.
    until("a refusal says why", || {
        let said = from("127.0.0.1", server.address);
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 503 "), "{said}");
        said.contains("retry-after: 1") && said.contains("as many connections as one client may")
    });
    drop(idle);
    until("the share is given back", || from("127.0.0.1", server.address).starts_with("HTTP/1.1 200 "));
}

#[test]
fn idle_connections_of_ten_addresses_make_room_for_another() {
    let long = Duration::from_secs(600);
    let timeouts = Timeouts { request_head: long, keep_alive: long, ..Timeouts::default() };
    let bounds = Bounds { connections: TOTAL, connections_per_client: SHARE, timeouts, ..Bounds::default() };
    let (server, counts) = server_with(bounds);
    // Half of them say nothing, the others have had an answer and keep their connection.
    let held: Vec<TcpStream> = (0..TOTAL)
        .map(|at| {
            let mut stream = connect_from(&format!("127.0.0.{}", 10 + at % 10), server.address);
            if at >= TOTAL / 2 {
                stream.write_all(&[REQUEST, b"\r\n"].concat()).expect("the server reads");
                let mut start = [0; 13];
                stream.read_exact(&mut start).expect("the server answers");
                assert_eq!(&start, b"HTTP/1.1 200 ");
            }
            stream
        })
        .collect();
    assert!(counts.refused.get() == 0 && counts.closed.get() == 0);
    for request in 0..20 {
        let said = from("127.0.0.2", server.address);
        assert!(said.starts_with("HTTP/1.1 200 "), "{request}: {said}");
    }
    let closed = counts.closed.get();
    assert!((1..=20).contains(&closed), "{closed} were closed for 20 connections");
    // Those that were idle for the longest time, and no others.
    until("they are closed", || held.iter().filter(|stream| is_closed(stream)).count() as u64 == closed);
    assert!(held[TOTAL / 2..].iter().all(|stream| !is_closed(stream)));
    assert_eq!(counts.refused.get(), 0);
    until("an address with its share is refused", || {
        let more: Vec<TcpStream> = (0..SHARE).map(|_| connect_from("127.0.0.19", server.address)).collect();
        drop(more);
        counts.refused.get() > 0
    });
}
