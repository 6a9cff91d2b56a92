//! Owns the client: HTTP over a plain socket, so that a test can send any bytes, also wrong ones.
//! Must not know the server.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long the client waits for the next bytes of a response.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the client waits for a whole response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(120);

/// A response.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, without the framing of chunks.
    pub body: Vec<u8>,
    /// Whether the body is complete: it has the length that the head announces, or it ends with the last chunk.
    pub whole: bool,
}

impl Reply {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("the body is not JSON ({error}): {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body of a response that must be a problem document with this status. Its `type`, which must be an absolute address
    /// of this machine, is cut to its path.
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json; charset=utf-8"));
        let mut problem = self.json();
        assert_eq!(problem["status"], status);
        let uri = problem["type"].as_str().expect("a type").to_owned();
        let (base, slug) = uri.rsplit_once("/problems/").expect("the type leads to a page");
        assert!(base.starts_with("http://127.0.0.1:") && !slug.is_empty(), "the type is absolute: {problem}");
        problem["type"] = Value::String(format!("/problems/{slug}"));
        problem
    }

    /// The `data` of a response that must have status 200.
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

/// Sends a request with these headers, each a line.
pub fn ask(address: SocketAddr, method: &str, target: &str, headers: &[String]) -> Reply {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    raw(address, format!("{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\r\n").as_bytes())
}

/// Sends a request without a body. Bytes that a request line cannot hold are percent-encoded.
pub fn send(address: SocketAddr, method: &str, target: &str) -> Reply {
    let target: String =
        target.bytes().map(|b| if b.is_ascii_graphic() { (b as char).to_string() } else { format!("%{b:02X}") }).collect();
    raw(address, format!("{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").as_bytes())
}

/// Sends bytes as they are and reads until the server closes the connection.
pub fn raw(address: SocketAddr, bytes: &[u8]) -> Reply {
    let mut stream = connect(address);
    // The server may close the connection before it has read everything; its response is still there to be read.
    _ = stream.write_all(bytes);
    receive(stream, Vec::new())
}

/// Sends GET, waits for the first byte of the response, runs `meanwhile`, and then reads the rest.
pub fn get_late(address: SocketAddr, target: &str, meanwhile: impl FnOnce()) -> Reply {
    get_late_in(address, target, "identity", meanwhile)
}

/// As [`get_late`], with an `Accept-Encoding`.
pub fn get_late_in(address: SocketAddr, target: &str, coding: &str, meanwhile: impl FnOnce()) -> Reply {
    let mut stream = connect(address);
    let head = format!("GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAccept-Encoding: {coding}\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("the server reads");
    let mut first = vec![0];
    stream.read_exact(&mut first).expect("the server responds");
    meanwhile();
    receive(stream, first)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, READ_TIMEOUT).expect("the server accepts connections");
    stream.set_read_timeout(Some(READ_TIMEOUT)).expect("a time limit can be set");
    stream
}

fn receive(mut stream: TcpStream, mut answer: Vec<u8>) -> Reply {
    let deadline = Instant::now() + RESPONSE_TIMEOUT;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&buffer[..read]),
            // A child process of the program has ended.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                assert!(!answer.is_empty(), "no response: {error}");
                break;
            }
        }
        assert!(Instant::now() < deadline, "timed out: the response ends; it has {} bytes so far", answer.len());
    }
    parse(&answer)
}

fn parse(answer: &[u8]) -> Reply {
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("the response has a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .expect("the response has a status");
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_lowercase(), v.to_owned())).collect();
    let sent = Reply { status, headers, body: answer[end + 4..].to_vec(), whole: true };
    if sent.header("transfer-encoding") == Some("chunked") {
        let (body, whole) = unchunk(&sent.body);
        return Reply { body, whole, ..sent };
    }
    let whole = sent.header("content-length").is_none_or(|length| length == sent.body.len().to_string());
    Reply { whole, ..sent }
}

/// The content of a chunked body, and whether it ends with the last chunk, which is empty (RFC 9112, section 7.1).
fn unchunk(mut sent: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(line) = sent.windows(2).position(|w| w == b"\r\n") {
        let size = std::str::from_utf8(&sent[..line]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        let Some(size) = size else { return (body, false) };
        let rest = &sent[line + 2..];
        if size == 0 {
            return (body, rest == b"\r\n");
        }
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        sent = rest.get(size + 2..).unwrap_or_default();
    }
    (body, false)
}
