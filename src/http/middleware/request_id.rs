//! Owns the identifier of a request: the client's `X-Request-Id`, or a new one. The response and the log have it.
//! Must not know what is requested.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest identifier that is taken from a client, in bytes.
const MAX_LENGTH: usize = 64;

/// Tells the identifiers of two processes apart.
static PROCESS: LazyLock<u32> =
    LazyLock::new(|| u32::try_from(RandomState::new().hash_one(std::process::id()) >> 32).unwrap_or(0));
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The identifier of a request; handlers find it in the extensions of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The identifier that the client sends, if it is safe to log, else a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        match headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|text| is_safe(text)) {
            Some(text) => Self(text.to_owned()),
            None => Self(generate()),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Adds the header to a response.
    pub fn add_header(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            headers.insert(X_REQUEST_ID, value);
        }
    }
}

fn is_safe(text: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(safe)
}

/// Eight hexadecimal digits of the process and eight of a counter, such as `5f1c9a3b-000004d2`.
fn generate() -> String {
    let mut text = [b'-'; 17];
    for (number, place) in [(*PROCESS, 0..8), (COUNTER.fetch_add(1, Ordering::Relaxed), 9..17)] {
        hex::encode_to_slice(number.to_be_bytes(), &mut text[place]).expect("four bytes are eight digits");
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &'static str) -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(text.as_bytes()).expect("a header can have these bytes"));
        RequestId::of(&headers)
    }

    #[test]
    fn a_safe_identifier_of_the_client_is_kept() {
        assert_eq!(of("Job_7.a-b").as_str(), "Job_7.a-b");
    }

    #[test]
    fn any_other_is_replaced_by_a_new_one() {
        for text in ["", "a b", "a\"b", "é", concat!("0123456789012345678901234567890123456789", "0123456789012345678901234")] {
            let (first, second) = (of(text), of(text));
            assert_ne!(first, second, "{text}");
            assert_eq!(first.as_str().len(), 17, "{text}");
            assert!(first.as_str().bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'), "{text}");
        }
    }

    #[test]
    fn the_response_has_it() {
        let mut headers = HeaderMap::new();
        of("x1").add_header(&mut headers);
        assert_eq!(headers.get(X_REQUEST_ID), Some(&HeaderValue::from_static("x1")));
    }
}
