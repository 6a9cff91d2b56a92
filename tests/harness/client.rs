//! Owns the client: HTTP over a plain socket, so that a test can send anything, however wrong.
//! Must not know the server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long an answer may take before the test fails rather than hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, put together again where it came in chunks.
    pub body: Vec<u8>,
    /// Whether the body came to the end that its head or its last chunk announced.
    pub whole: bool,
}

impl Reply {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The problem that the answer must be.
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json; charset=utf-8"));
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["type"].as_str().is_some_and(|uri| uri.starts_with("/problems/")), "{problem}");
        problem
    }

    /// The data that the answer must have.
    pub fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()["data"].take()
    }
}

/// Sends GET.
pub fn get(address: SocketAddr, target: &str) -> Reply {
    send(address, "GET", target)
}

/// Sends HEAD.
pub fn head(address: SocketAddr, target: &str) -> Reply {
    send(address, "HEAD", target)
}

/// Sends a request with headers of its own, each a line.
pub fn ask(address: SocketAddr, method: &str, target: &str, headers: &[String]) -> Reply {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    raw(address, format!("{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\r\n").as_bytes())
}

/// Sends a request without a body; what cannot stand in a request line is percent-encoded.
pub fn send(address: SocketAddr, method: &str, target: &str) -> Reply {
    let target: String =
        target.bytes().map(|b| if b.is_ascii_graphic() { (b as char).to_string() } else { format!("%{b:02X}") }).collect();
    raw(address, format!("{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").as_bytes())
}

/// Sends bytes as they are and reads until the server closes.
pub fn raw(address: SocketAddr, bytes: &[u8]) -> Reply {
    let mut stream = connect(address);
    // The server may close before it has read everything that is sent; its answer is still to be read.
    _ = stream.write_all(bytes);
    receive(stream, Vec::new())
}

/// Sends GET, waits for the first byte of the answer, and reads on only when `meanwhile` has been done.
pub fn get_late(address: SocketAddr, target: &str, meanwhile: impl FnOnce()) -> Reply {
    get_late_in(address, target, "identity", meanwhile)
}

/// The same, in a content coding.
pub fn get_late_in(address: SocketAddr, target: &str, coding: &str, meanwhile: impl FnOnce()) -> Reply {
    let mut stream = connect(address);
    let head = format!("GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAccept-Encoding: {coding}\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("the server reads");
    let mut first = vec![0];
    stream.read_exact(&mut first).expect("the server answers");
    meanwhile();
    receive(stream, first)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server takes connections");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit can be set");
    stream
}

fn receive(mut stream: TcpStream, mut answer: Vec<u8>) -> Reply {
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert!(!answer.is_empty(), "no answer: {error}");
    }
    parse(&answer)
}

fn parse(answer: &[u8]) -> Reply {
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("the answer has a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status =
        lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).expect("the answer has a status");
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_lowercase(), v.to_owned())).collect();
    let sent = Reply { status, headers, body: answer[end + 4..].to_vec(), whole: true };
    if sent.header("transfer-encoding") == Some("chunked") {
        let (body, whole) = unchunk(&sent.body);
        return Reply { body, whole, ..sent };
    }
    let whole = sent.header("content-length").is_none_or(|length| length == sent.body.len().to_string());
    Reply { whole, ..sent }
}

/// What came in chunks, and whether the last chunk, which is empty, is there with nothing after it (RFC 9112, section 7.1).
fn unchunk(mut sent: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(line) = sent.windows(2).position(|w| w == b"\r\n") {
        let size = std::str::from_utf8(&sent[..line]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        let size = size.expect("a chunk starts with its size");
        let rest = &sent[line + 2..];
        if size == 0 {
            return (body, rest == b"\r\n");
        }
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        sent = rest.get(size + 2..).unwrap_or_default();
    }
    (body, false)
}
