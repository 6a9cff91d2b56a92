//! Slow clients are disconnected in time at every stage of a connection while other clients are served. Connections and requests
//! over the limits are refused at once.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{LazyLock, mpsc};
use std::thread::sleep;
use std::time::{Duration, Instant};

use reperes::http::Bounds;
use reperes::http::connection::timeouts::Timeouts;

use crate::harness::{Form, TestServer, get, keep_for_all_tests, key, migrated, publish, raw, shared, with_database};

/// Timeouts that are short enough for a test, and long enough for a fast client on a busy machine.
const TIMEOUTS: Timeouts = Timeouts {
    request_head: Duration::from_secs(2),
    keep_alive: Duration::from_secs(2),
    stall: Duration::from_secs(2),
    min_rate: 1000,
};

/// The time limit of a test.
const TEST_TIMEOUT: Duration = Duration::from_secs(40);

const WHOLE: &[u8] = b"GET /v1/territories/COM-59350 HTTP/1.1\r\nHost: t\r\n\r\n";

/// The server of the tests that only need the short timeouts.
fn server() -> &'static TestServer {
    static SERVER: LazyLock<TestServer> =
        LazyLock::new(|| keep_for_all_tests(|| server_with(Bounds { timeouts: TIMEOUTS, ..Bounds::default() })));
    &SERVER
}

fn server_with(bounds: Bounds) -> TestServer {
    let url = migrated();
    publish(&url, Path::new("tests/fixtures/bundles/01-small")).expect("the bundle is right");
    TestServer::with(&url, shared(&url).within(bounds))
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server takes connections");
    stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a time limit can be set");
    stream
}

/// Repeats an action until the server closes the connection, and returns the bytes that the server sent.
fn until_ended(stream: &mut TcpStream, mut again: impl FnMut(&mut TcpStream)) -> String {
    let (started, mut said) = (Instant::now(), Vec::new());
    loop {
        assert!(started.elapsed() < TEST_TIMEOUT, "the connection is not ended: {}", String::from_utf8_lossy(&said));
        again(stream);
        let mut piece = [0; 4096];
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => said.extend_from_slice(&piece[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
        assert_eq!(get(server().address, "/v1/territories/COM-59350").status, 200);
    }
    String::from_utf8_lossy(&said).into_owned()
}

/// Returns an action that sends the next byte.
fn one_byte_at_a_time(bytes: &[u8]) -> impl FnMut(&mut TcpStream) {
    let mut rest = bytes.iter().copied();
    move |stream| _ = rest.next().map(|byte| stream.write_all(&[byte]))
}

fn long_head() -> Vec<u8> {
    format!("GET /v1 HTTP/1.1\r\nHost: t\r\nX-Slow: {}\r\n\r\n", "x".repeat(5000)).into_bytes()
}

#[test]
fn a_slow_request_head_is_answered_408_and_closed_also_on_a_kept_connection() {
    let mut first = connect(server().address);
    let said = until_ended(&mut first, one_byte_at_a_time(&long_head()));
    assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("/problems/request-timeout"), "{said}");
    let mut later = connect(server().address);
    for _ in 0..2 {
        later.write_all(WHOLE).expect("the request is sent");
        sleep(Duration::from_millis(500));
    }
    let said = until_ended(&mut later, one_byte_at_a_time(&long_head()));
    assert_eq!((said.matches("HTTP/1.1 200 ").count(), said.matches("HTTP/1.1 408 ").count()), (2, 1), "{said}");
}

#[test]
fn an_unfinished_pipelined_request_head_is_closed() {
    let mut stream = connect(server().address);
    stream.write_all(&[WHOLE, b"GET /v1 HTTP/1.1\r\nHost: t\r\nX-Sl"].concat()).expect("the requests are sent");
    let said = until_ended(&mut stream, |_| {});
    assert!(said.starts_with("HTTP/1.1 200 ") && said.matches("HTTP/1.1 ").count() == 1, "{said}");
}

#[test]
fn an_idle_connection_is_closed() {
    assert_eq!(until_ended(&mut connect(server().address), |_| {}), "");
    let mut kept = connect(server().address);
    kept.write_all(WHOLE).expect("the request is sent");
    let said = until_ended(&mut kept, |_| {});
    assert!(said.starts_with("HTTP/1.1 200 ") && !said.contains("HTTP/1.1 408"), "{said}");
}

#[test]
fn a_refused_client_that_does_not_close_is_disconnected() {
    let mut stream = connect(server().address);
    stream.write_all(b"NONSENSE\r\n\r\n").expect("it is sent");
    let said = until_ended(&mut stream, |stream| _ = stream.write_all(b"x"));
    assert!(said.starts_with("HTTP/1.1 400 "), "{said}");
}

#[test]
fn a_slow_request_body_is_closed_whether_it_is_read_or_not() {
    let token = key(&server().url, "lente", &["publish:*:*"], 1);
    let form = Form::default().key(&token).part("file", Some("a.csv"), &vec![b'x'; 100_000]).bytes();
    let start = form.windows(4).position(|window| window == b"xxxx").expect("the file begins");
    let mut wanted = connect(server().address);
    wanted.write_all(&form[..start]).expect("the head is sent");
    let said = until_ended(&mut wanted, one_byte_at_a_time(&form[start..]));
    assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("/problems/request-timeout"), "{said}");
    for framing in ["Content-Length: 60000", "Transfer-Encoding: chunked"] {
        let mut unwanted = connect(server().address);
        write!(unwanted, "GET /v1/territories/COM-59350 HTTP/1.1\r\nHost: t\r\n{framing}\r\n\r\n").expect("the head is sent");
        let body = if framing.starts_with('T') { b"ffff\r\n".to_vec() } else { Vec::new() };
        let said = until_ended(&mut unwanted, one_byte_at_a_time(&[body, vec![b'x'; 20_000]].concat()));
        assert!(said.starts_with("HTTP/1.1 "), "{said}");
    }
}

#[test]
fn a_client_that_does_not_read_its_response_is_disconnected() {
    // The client requests far more than the socket buffers hold, and reads nothing; then nearly nothing.
    let asked = "GET /openapi.json HTTP/1.1\r\nHost: t\r\n\r\n".repeat(60);
    for taken in [0, 1] {
        let mut stream = connect(server().address);
        stream.write_all(asked.as_bytes()).expect("the requests are sent");
        let started = Instant::now();
        loop {
            assert!(started.elapsed() < TEST_TIMEOUT, "the connection is not ended");
            sleep(Duration::from_millis(50));
            _ = stream.read(&mut vec![0; taken]);
            // The server has closed the connection, so that the next write gets a reset.
            if stream.write_all(b"x").is_err() || stream.take_error().is_ok_and(|error| error.is_some()) {
                break;
            }
        }
        assert_eq!(get(server().address, "/v1/territories/COM-59350").status, 200);
    }
}

#[test]
fn a_slow_client_above_the_minimum_rate_is_served() {
    let token = key(&server().url, "patiente", &["publish:*:*"], 1);
    let form = Form::default().key(&token).part("quoi", None, &[b'x'; 20_000]).bytes();
    let mut stream = connect(server().address);
    stream.set_read_timeout(Some(TEST_TIMEOUT)).expect("a time limit can be set");
    // The transfer takes longer than the longest timeout.
    for piece in form.chunks(form.len() / 30) {
        stream.write_all(piece).expect("the server reads on");
        sleep(Duration::from_millis(100));
    }
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("an answer");
    assert!(said.starts_with("HTTP/1.1 400 ") && said.contains("is not a part of a publication"), "{said}");
}

#[test]
fn connections_over_the_limit_are_answered_503_with_retry_after() {
    let server = server_with(Bounds { connections: 3, ..Bounds::default() });
    let kept: Vec<TcpStream> = (0..3)
        .map(|_| {
            let mut stream = connect(server.address);
            stream.set_read_timeout(Some(TEST_TIMEOUT)).expect("a time limit can be set");
            stream.write_all(WHOLE).expect("the request is sent");
            stream.read_exact(&mut [0; 12]).expect("an answer");
            stream
        })
        .collect();
    let refused = raw(server.address, WHOLE);
    assert_eq!(refused.problem(503)["type"], "/problems/overloaded");
    assert_eq!(refused.header("retry-after"), Some("1"));
    drop(kept);
    let started = Instant::now();
    while raw(server.address, b"GET /v1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").status != 200 {
        assert!(started.elapsed() < TEST_TIMEOUT, "the room is not given back");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn requests_over_the_limit_are_refused_at_once_unless_they_need_no_database() {
    let url = migrated();
    publish(&url, Path::new("tests/fixtures/bundles/01-small")).expect("the bundle is right");
    let mut shared = shared(&url);
    shared.room = std::sync::Arc::new(tokio::sync::Semaphore::new(2));
    let server = TestServer::with(&url, shared);
    let address = server.address;
    let owner = crate::harness::owner(&url);
    with_database(&owner, async |client| {
        // Reads wait for the lock on the table.
        let locked = client.transaction().await.expect("a transaction");
        locked.batch_execute("LOCK TABLE territories").await.expect("the table is locked");
        let (sender, replies) = mpsc::channel();
        // Each request is different, because equal requests share one read.
        for limit in 1..=8 {
            let sender = sender.clone();
            std::thread::spawn(move || sender.send(get(address, &format!("/v1/territories?limit={limit}"))));
        }
        for _ in 0..6 {
            let refused = replies.recv_timeout(TEST_TIMEOUT).expect("a request over the limit is refused at once");
            assert_eq!(refused.problem(503)["type"], "/problems/overloaded");
            assert_eq!(refused.header("retry-after"), Some("1"));
        }
        for target in ["/health/live", "/openapi.json", "/v1", "/docs/", "/problems/overloaded"] {
            assert_eq!(get(server.address, target).status, 200, "{target}");
        }
        locked.rollback().await.expect("the table is free");
        for _ in 0..2 {
            assert_eq!(replies.recv_timeout(TEST_TIMEOUT).expect("a request within the limit is answered").status, 200);
        }
    });
    assert_eq!(get(server.address, "/v1/territories/COM-59350").status, 200);
}
