//! Owns the outcome of a cache lookup and the headers that report it: `Cache-Status` (RFC 9211) and `Server-Timing`.
//! Must not know what is cached.

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use bytes::Bytes;

use crate::metrics::Cached;

/// The header of RFC 9211.
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// The header of the W3C recommendation "Server Timing".
pub const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// How the cache served a response.
#[derive(Clone, Copy, Debug)]
pub enum CacheOutcome {
    /// The cache had it.
    Hit,
    /// The cache had it, and a newer release may exist.
    Stale,
    /// It was computed and stored.
    Stored,
    /// It was computed and not stored.
    NotStored,
}

impl CacheOutcome {
    /// The outcome of a hit; `fresh` if no newer release exists.
    pub fn hit(fresh: bool) -> Self {
        if fresh { Self::Hit } else { Self::Stale }
    }

    /// The outcome as the metrics count it.
    pub fn metric(self) -> Cached {
        match self {
            Self::Hit => Cached::Hit,
            Self::Stale => Cached::Stale,
            Self::Stored | Self::NotStored => Cached::Miss,
        }
    }

    /// The values of `Cache-Status` and `Server-Timing`.
    fn headers(self) -> (HeaderValue, HeaderValue) {
        const MISS: HeaderValue = HeaderValue::from_static("cache;desc=miss");
        match self {
            Self::Hit => const { (HeaderValue::from_static("Reperes; hit"), HeaderValue::from_static("cache;desc=hit")) },
            Self::Stale => {
                const { (HeaderValue::from_static("Reperes; hit; detail=stale"), HeaderValue::from_static("cache;desc=stale")) }
            }
            Self::Stored => (const { HeaderValue::from_static("Reperes; fwd=miss; stored") }, MISS),
            Self::NotStored => (const { HeaderValue::from_static("Reperes; fwd=miss") }, MISS),
        }
    }

    /// A 200 response with this body that reports the outcome.
    pub fn response(self, body: Bytes) -> HttpResponse {
        let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(body));
        let (status, timing) = self.headers();
        response.headers_mut().append(CACHE_STATUS, status);
        response.headers_mut().append(SERVER_TIMING, timing);
        response
    }
}
