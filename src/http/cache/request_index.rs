//! Owns the index from the bytes of a request to its entry in the response cache, so that a repeated request is neither
//! routed nor parsed nor planned: parsing a request strictly costs more than sending a cached response.
//! Must not know how responses are computed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use actix_web::HttpRequest;
use actix_web::http::{Method, header};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::response_cache::{CacheKey, Headers};
use crate::http::request::public_address::PublicAddress;
use crate::sharded_cache::bounded;

/// The index may take this part of the bytes of the response cache, in addition to them.
const CACHE_FRACTION: u64 = 16;

/// The memory of an entry besides its texts, in bytes, about.
const ENTRY_OVERHEAD: usize = 1800;

/// The typical size of an entry in bytes: it decides how many entries the index prepares for.
const TYPICAL_ENTRY_BYTES: u64 = 2048;

/// The longest request that is indexed, in bytes: a longer one is parsed again.
const MAX_REQUEST_BYTES: usize = 2048;

/// The most shards, each of which has its own lock.
const MAX_SHARDS: u64 = 16;

/// What a request resolves to until the next release.
pub struct IndexedRequest {
    /// The generation of the releases that the process knew; the entry is stale at any other.
    pub generation: u64,
    /// The key of the response.
    pub key: CacheKey,
    /// The entity tag of the response.
    pub etag: String,
    /// When the response was last modified.
    pub modified: Option<SystemTime>,
    /// Whether the request names its release.
    pub pinned: bool,
    /// The headers of the response; those of a 304 come first.
    pub headers: Headers,
    /// The number of headers that a 304 has too.
    pub not_modified_headers: usize,
    /// The pattern of the request's route.
    pub route: String,
}

#[derive(Clone)]
struct RequestWeighter;

impl Weighter<Box<[u8]>, Arc<IndexedRequest>> for RequestWeighter {
    fn weight(&self, bytes: &Box<[u8]>, indexed: &Arc<IndexedRequest>) -> u64 {
        (ENTRY_OVERHEAD + bytes.len() + indexed.key.address.len()) as u64
    }
}

type IndexedRequests = Cache<Box<[u8]>, Arc<IndexedRequest>, RequestWeighter>;

/// The index, shared by the workers of the process. Clones share their entries.
#[derive(Clone)]
pub struct RequestIndex {
    /// `None` if the index is turned off.
    requests: Option<Arc<IndexedRequests>>,
    hits: Arc<AtomicU64>,
}

impl RequestIndex {
    /// The index into a response cache of so many bytes; 0 turns it off.
    pub fn new(cache_bytes: u64) -> Self {
        let bytes = cache_bytes / CACHE_FRACTION;
        let requests = (bytes > 0).then(|| Arc::new(bounded(bytes, TYPICAL_ENTRY_BYTES, MAX_SHARDS, RequestWeighter)));
        Self { requests, hits: Arc::default() }
    }

    /// Stores what a request resolves to. `address` stands before the addresses of its response.
    pub fn insert(&self, request: &HttpRequest, address: &PublicAddress, indexed: impl FnOnce() -> Option<IndexedRequest>) {
        let Some(requests) = &self.requests else { return };
        if let (Some(bytes), Some(indexed)) = (request_bytes(request, address), indexed()) {
            requests.insert(bytes.into(), Arc::new(indexed));
        }
    }

    /// Looks a request up, with what stands before the addresses of its response.
    pub fn get(&self, request: &HttpRequest, address: &PublicAddress) -> Option<Arc<IndexedRequest>> {
        self.requests.as_ref()?.get(request_bytes(request, address)?.as_slice())
    }

    /// Counts a request that the index has answered.
    pub fn record_hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of requests that the index has answered.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }
}

/// All bytes of a GET that select its response: its target, `Accept` and `Accept-Encoding`, and the public address, but not
/// `If-None-Match`. `None` for any other method, and for more than [`MAX_REQUEST_BYTES`].
fn request_bytes(request: &HttpRequest, address: &PublicAddress) -> Option<Vec<u8>> {
    if request.method() != Method::GET {
        return None;
    }
    let target = request.uri().path_and_query()?.as_str();
    let mut bytes = Vec::with_capacity(target.len() + 128);
    bytes.extend_from_slice(target.as_bytes());
    for name in [header::ACCEPT, header::ACCEPT_ENCODING] {
        // No header value holds a line feed or a carriage return, so the bytes of two requests never collide.
        bytes.push(b'\n');
        for value in request.headers().get_all(name) {
            bytes.extend_from_slice(value.as_bytes());
            bytes.push(b'\r');
        }
    }
    bytes.extend_from_slice(address.base().as_bytes());
    // Then `Vary` names the headers of the proxy too.
    bytes.extend(address.forwarded.then_some(b'\n'));
    (bytes.len() <= MAX_REQUEST_BYTES).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn bytes(request: TestRequest) -> Option<Vec<u8>> {
        request_bytes(&request.to_http_request(), &PublicAddress::default())
    }

    #[test]
    fn only_a_get_has_bytes() {
        assert_eq!(bytes(TestRequest::get().uri("/v1/x?a=1")), Some(b"/v1/x?a=1\n\n".to_vec()));
        assert_eq!(bytes(TestRequest::default().method(Method::HEAD).uri("/v1/x")), None);
        assert_eq!(bytes(TestRequest::post().uri("/v1/x")), None);
    }

    #[test]
    fn a_long_request_has_no_bytes_and_another_public_address_has_others() {
        let long = format!("/v1/x?a={}", "a".repeat(MAX_REQUEST_BYTES));
        assert_eq!(bytes(TestRequest::get().uri(&long)), None);
        assert_eq!(bytes(TestRequest::get().insert_header(("Accept", long.as_str()))), None);
        let proxy = "192.0.2.1:80".parse().expect("an address");
        let forwarded = PublicAddress::of(
            &TestRequest::get().peer_addr(proxy).to_http_request(),
            None,
            &["192.0.2.0/24".parse().expect("a network")],
        );
        assert_eq!(request_bytes(&TestRequest::get().uri("/").to_http_request(), &forwarded), Some(b"/\n\n\n".to_vec()));
    }

    #[test]
    fn headers_that_select_the_response_are_in_the_bytes() {
        let get = || TestRequest::get().uri("/");
        assert_eq!(bytes(get().insert_header(("Accept", "text/csv"))), Some(b"/\ntext/csv\r\n".to_vec()));
        assert_eq!(bytes(get().insert_header(("Accept-Encoding", "br"))), Some(b"/\n\nbr\r".to_vec()));
        assert_eq!(bytes(get().insert_header(("If-None-Match", "\"x\""))), Some(b"/\n\n".to_vec()));
        let twice = get().append_header(("Accept", "a/b")).append_header(("Accept", "c/d"));
        assert_eq!(bytes(twice), Some(b"/\na/b\rc/d\r\n".to_vec()));
    }
}
