//! A new process takes over the address of a running one without a failed request; and the shutdown of a process.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::harness::{
    Program, SOURCES, SetOnDrop, Signal, TestServer, bundle, get, get_late, migrated, publish, raw, territories,
};

/// The number of clients that send requests without a pause. Half of them open a new connection for each request.
const CLIENTS: usize = 8;

/// The least number of requests in all.
const REQUESTS: usize = 10_000;

/// The requests that must be answered before the next process starts, and again after the old one exited.
const SHARE: usize = 1000;

/// The time limit of one response, and of a number of responses to the clients.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(60);

/// A database whose export of sources exceeds all buffers between the server and a client that does not read.
fn database_with_large_export() -> String {
    let url = migrated();
    let communes = territories(&[("COM-1", "A", "1"), ("COM-2", "B", "2")]);
    let long = |n: usize| format!("s{n:05},document,Essai,Repères,etalab-2.0,{}\n", "x".repeat(10_000));
    let lines: String = (0..2000).map(long).collect();
    publish(&url, &bundle(&[("sources", SOURCES), ("territories", &communes)])).expect("the bundle is right");
    let sources = format!("code,kind,title,publisher,licence,note\n{lines}");
    publish(&url, &bundle(&[("sources", &sources)])).expect("the bundle is right");
    url
}

/// The counts of all clients, and the flag that ends them.
#[derive(Default)]
struct Tally {
    answered: AtomicUsize,
    failed: AtomicUsize,
    over: AtomicBool,
}

/// A client that may keep its connection until the server closes it.
struct Client {
    address: SocketAddr,
    keeps: bool,
    stream: Option<TcpStream>,
}

impl Client {
    /// Sends GET and returns the status.
    fn ask(&mut self, target: &str) -> io::Result<u16> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(self.address)?,
        };
        stream.set_read_timeout(Some(RESPONSE_TIMEOUT))?;
        let wish = if self.keeps { "keep-alive" } else { "close" };
        stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: t\r\nConnection: {wish}\r\n\r\n").as_bytes())?;
        let (mut answer, mut piece) = (Vec::new(), [0; 16_384]);
        let end = loop {
            if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            match stream.read(&mut piece)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => answer.extend_from_slice(&piece[..read]),
            }
        };
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let length: usize = value("content-length:").and_then(|length| length.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        while answer.len() < end + length {
            match stream.read(&mut piece)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => answer.extend_from_slice(&piece[..read]),
            }
        }
        if self.keeps && value("connection:") != Some("close") {
            self.stream = Some(stream);
        }
        head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Sends requests until the flag `over` is set.
    fn send_until_over(&mut self, number: usize, tally: &Tally) {
        for turn in number.. {
            let target = match turn % 3 {
                0 => "/v1/territories".to_owned(),
                1 => format!("/v1/territories?limit={}", 1 + turn % 1000),
                _ => "/v1/territories/COM-1".to_owned(),
            };
            match self.ask(&target) {
                Ok(200) => _ = tally.answered.fetch_add(1, Ordering::SeqCst),
                other => {
                    eprintln!("client {number} (keeps its connection: {}) met {other:?} at {target}", self.keeps);
                    tally.failed.fetch_add(1, Ordering::SeqCst);
                }
            }
            if tally.over.load(Ordering::SeqCst) {
                return;
            }
        }
    }
}

impl Tally {
    /// Waits until a number of further requests are answered.
    fn wait_for_requests(&self, requests: usize) {
        let (aim, deadline) = (self.answered.load(Ordering::SeqCst) + requests, Instant::now() + RESPONSE_TIMEOUT);
        while self.answered.load(Ordering::SeqCst) < aim {
            assert!(Instant::now() < deadline, "the clients are not answered");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn no_request_fails_when_a_process_replaces_another() {
    let url = database_with_large_export();
    let quiet = ("RUST_LOG", "info,reperes::access=warn");
    let settings =
        |address| [("DATABASE_URL", url.as_str()), ("REPERES_ADDRESS", address), quiet, ("REPERES_SHUTDOWN_GRACE_S", "5")];
    let mut current = Program::start(&settings("127.0.0.1:0"));
    let address = current.address();
    let place = address.to_string();
    let tally = Arc::new(Tally::default());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (mut client, tally) = (Client { address, keeps: number % 2 == 0, stream: None }, Arc::clone(&tally));
            std::thread::spawn(move || client.send_until_over(number, &tally))
        })
        .collect();
    let _ending = SetOnDrop(&tally.over);
    tally.wait_for_requests(SHARE);
    // The second turn replaces a process that itself replaced the first one.
    for _ in 0..2 {
        let mut next = Program::start(&settings(&place));
        assert_eq!(next.address(), address);
        current.line("another process serves on the same socket");
        current.signal(Signal::TERM);
        let (code, log) = current.end();
        assert_eq!(code, Some(0), "{log}");
        tally.wait_for_requests(SHARE);
        current = next;
    }
    tally.wait_for_requests(REQUESTS.saturating_sub(tally.answered.load(Ordering::SeqCst)));
    tally.over.store(true, Ordering::SeqCst);
    clients.into_iter().for_each(|client| client.join().expect("no client panicked"));
    let (answered, failed) = (tally.answered.load(Ordering::SeqCst), tally.failed.load(Ordering::SeqCst));
    eprintln!("{answered} requests answered, {failed} failed");
    assert!(answered >= REQUESTS);
    assert_eq!(failed, 0, "of {answered}");
}

#[test]
fn a_stopping_process_is_not_ready_serves_during_the_grace_period_and_then_exits() {
    let url = database_with_large_export();
    let mut program =
        Program::start(&[("DATABASE_URL", &url), ("REPERES_SHUTDOWN_GRACE_S", "3600"), ("REPERES_SHUTDOWN_WAIT_S", "1")]);
    let address = program.address();
    assert_eq!(get(address, "/health/ready").status, 200);
    let mut kept = Client { address, keeps: true, stream: None };
    assert_eq!(kept.ask("/v1/territories").expect("an answer"), 200);
    assert!(kept.stream.is_some(), "the connection is kept");
    let mut stalled = TcpStream::connect(address).expect("the server takes connections");
    stalled.write_all(b"GET /v1/sources?format=csv HTTP/1.1\r\nHost: t\r\n\r\n").expect("the server reads");
    stalled.read_exact(&mut [0]).expect("the export begins");

    program.signal(Signal::TERM);
    program.line("stopping");
    let ready = get(address, "/health/ready");
    assert!(ready.problem(503)["detail"].as_str().is_some_and(|detail| detail.contains("stopping")));
    assert_eq!(get(address, "/health/live").status, 200);
    assert_eq!(kept.ask("/v1/territories?limit=1").expect("its last answer"), 200);
    assert!(kept.stream.is_none(), "the server asks the client to open a new connection");
    let fresh = raw(address, b"GET /v1/territories?limit=2 HTTP/1.1\r\nHost: t\r\n\r\n");
    assert_eq!((fresh.status, fresh.header("connection")), (200, Some("close")));
    let missing = raw(address, b"GET /v1/rien HTTP/1.1\r\nHost: t\r\n\r\n");
    assert_eq!((missing.status, missing.header("connection")), (404, Some("close")));

    program.signal(Signal::TERM);
    assert_eq!(program.end().0, Some(0), "a second signal ends the grace period, and a stalled client does not delay the exit");
    let mut rest = Vec::new();
    _ = stalled.read_to_end(&mut rest);
    assert!(!rest.ends_with(b"0\r\n\r\n"), "an export that was cut off does not end as if it were whole");
    TcpStream::connect(address).expect_err("the port is closed");
}

#[test]
fn a_response_in_progress_is_finished_before_the_exit() {
    let url = database_with_large_export();
    let mut program = Program::start(&[("DATABASE_URL", &url), ("REPERES_SHUTDOWN_WAIT_S", "60")]);
    let address = program.address();
    let whole = get(address, "/v1/sources?format=csv");
    let late = get_late(address, "/v1/sources?format=csv", || {
        program.signal(Signal::TERM);
        program.line("accept thread stopped");
    });
    assert!(late.whole && late.body == whole.body, "an export that had begun is not cut off");
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn two_programs_that_start_at_once_share_an_address() {
    let url = database_with_large_export();
    let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a free port");
    let place = free.to_string();
    let mut both: Vec<Program> = (0..2).map(|_| Program::start(&[("DATABASE_URL", &url), ("REPERES_ADDRESS", &place)])).collect();
    for program in &mut both {
        assert_eq!(program.address(), free);
    }
    for mut program in both {
        assert_eq!(get(free, "/v1/territories/COM-1").status, 200);
        program.signal(Signal::TERM);
        assert_eq!(program.end().0, Some(0));
    }
    TcpStream::connect(free).expect_err("both have gone");
}

#[test]
fn a_socket_from_the_service_manager_is_used_and_stays_open_after_the_exit() {
    let url = database_with_large_export();
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port can be bound");
    let address = listener.local_addr().expect("it has an address");
    let start = || {
        let mut shell = Command::new("sh");
        shell.args(["-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" 3<&0 </dev/null", env!("CARGO_BIN_EXE_reperes")]);
        shell.stdin(OwnedFd::from(listener.try_clone().expect("the socket can be shared")));
        Program::run(shell, &[("DATABASE_URL", &url)])
    };
    let mut first = start();
    assert_eq!(first.address(), address);
    assert_eq!(get(address, "/v1/territories/COM-1").status, 200);
    first.signal(Signal::TERM);
    assert_eq!(first.end().0, Some(0));
    let waiting = std::thread::spawn(move || get(address, "/v1/territories/COM-2"));
    let mut second = start();
    second.address();
    assert_eq!(waiting.join().expect("an answer came").status, 200, "who came between the two has waited");
}

#[test]
fn an_address_that_another_process_uses_is_refused() {
    let server = TestServer::empty();
    let place = server.address.to_string();
    let (code, log) = Program::start(&[("DATABASE_URL", &server.url), ("REPERES_ADDRESS", &place)]).end();
    assert_eq!(code, Some(1));
    assert!(log.contains(&format!("cannot listen on {place}")) && log.contains("in use"), "{log}");
}
