//! Owns the last answer of a connection whose request never reaches the application: the problem document for a request
//! head that actix-http cannot parse, for one that comes too late, and for a connection too many.
//! Must not know sockets.

use actix_web::http::StatusCode;

use crate::problem::{Kind, Problem};

/// The detail of a 400.
const UNREADABLE: &str = "The request cannot be read: the address must be percent-encoded UTF-8 (RFC 3986: `é` is `%C3%A9`, a space `%20`), \
the head must be HTTP/1.1 with one `Host`.";

/// The longest request line that actix-http reads, in bytes.
const MAX_REQUEST_LINE: usize = 65_534;

/// The first line of the request that arrives, as far as an answer without the application needs it.
#[derive(Default)]
pub struct RequestLine {
    length: usize,
    ended: bool,
    method: [u8; 5],
}

impl RequestLine {
    /// Reads on.
    pub fn read(&mut self, bytes: &[u8]) {
        if self.ended {
            return;
        }
        for (place, byte) in self.method.iter_mut().skip(self.length).zip(bytes) {
            *place = *byte;
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        self.length += end.unwrap_or(bytes.len());
        self.ended = end.is_some();
    }

    /// The problem behind a bare status of actix-http. The status alone does not tell a long address from large headers.
    pub fn problem(&self, status: &[u8]) -> Option<Problem> {
        Some(match status {
            b"400" | b"431" if self.length > MAX_REQUEST_LINE => uri_too_long(),
            b"431" if !self.ended => uri_too_long(),
            b"431" => Problem::new(Kind::HeadTooLarge, "The head of the request is too large."),
            b"400" => Problem::new(Kind::MalformedRequest, UNREADABLE),
            _ => return None,
        })
    }

    /// The bytes of the answer to this request, after which the connection closes.
    pub fn answer(&self, problem: &Problem) -> Vec<u8> {
        last_answer(problem, self.method == *b"HEAD ")
    }
}

fn uri_too_long() -> Problem {
    Problem::new(Kind::UriTooLong, format!("The request line is longer than {MAX_REQUEST_LINE} bytes."))
}

/// The bytes of an answer after which the connection closes; an answer to HEAD has no body (RFC 9110, section 9.3.2).
pub fn last_answer(problem: &Problem, head_only: bool) -> Vec<u8> {
    let body = problem.body();
    let reason = StatusCode::from_u16(problem.status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let retry = if problem.status == 503 { "retry-after: 1\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: application/problem+json; charset=utf-8\r\ncontent-length: {}\r\n\
        cache-control: no-store\r\naccess-control-allow-origin: *\r\nx-content-type-options: nosniff\r\n{retry}connection: close\r\n\r\n",
        problem.status,
        body.len()
    );
    [head.as_bytes(), if head_only { &[] } else { &body }].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(line: &[u8], status: &[u8]) -> Option<Kind> {
        let mut request = RequestLine::default();
        line.chunks(7).for_each(|piece| request.read(piece));
        request.problem(status).map(|problem| problem.kind())
    }

    #[test]
    fn a_long_request_line_is_told_from_large_headers() {
        let long = [b"GET /", &[b'x'; MAX_REQUEST_LINE][..], b" HTTP/1.1\r\n"].concat();
        assert_eq!(kind(&long, b"400"), Some(Kind::UriTooLong));
        assert_eq!(kind(b"GET /xxx", b"431"), Some(Kind::UriTooLong));
        assert_eq!(kind(b"GET / HTTP/1.1\r\nX: y", b"431"), Some(Kind::HeadTooLarge));
        assert_eq!(kind(b"NONSENSE\r\n\r\n", b"400"), Some(Kind::MalformedRequest));
        assert_eq!(kind(b"GET / HTTP/1.1\r\n", b"100"), None);
    }

    #[test]
    fn an_answer_to_head_has_no_body() {
        let problem = Problem::new(Kind::MalformedRequest, "x");
        for (line, bodies) in [(b"HEAD / HTTP/1.1\r\n", 0), (b"GET  / HTTP/1.1\r\n", 1)] {
            let mut request = RequestLine::default();
            request.read(line);
            let answer = String::from_utf8(request.answer(&problem)).expect("the answer is text");
            assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
            assert_eq!(answer.matches("/problems/malformed-request").count(), bodies, "{answer}");
        }
    }
}
