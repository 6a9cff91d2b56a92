//! Owns the caching policy of a response: its key, and the headers for caches and for revalidation (RFC 9111, RFC 9110).
//! Must not know the body.

use std::time::SystemTime;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue, HttpDate};
use chrono::Utc;
use sha2::{Digest, Sha256};

use super::compression::Coding;
use super::etag::{self, Held};
use super::outcome::{CACHE_STATUS, SERVER_TIMING};
use super::request_index::IndexedRequest;
use super::response_cache::{CacheKey, Headers};
use crate::db::ReleaseWatcher;
use crate::http::request::public_address::{FORWARDING, PublicAddress};
use crate::http::response::header_names::RELEASE_NUMBER;
use crate::query::{Release, Representation, ResolvedPlan};

/// `Cache-Control` of a request that does not name its release: fresh for ten seconds, then stale for a minute while a cache
/// revalidates, and for a day while the service is unreachable.
const UNPINNED: &str = "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400";

/// `Cache-Control` of a request that names its release: its rows and their values never change, but members may join them
/// when the program does.
const PINNED: &str = "public, max-age=86400";

/// The longest `Content-Location`, in bytes.
pub const MAX_LOCATION_BYTES: usize = 1024;

/// The longest address that stands in a key as it is, in bytes.
const MAX_KEY_BYTES: usize = 1024;

/// The headers that differ between two responses from the cache.
const PER_RESPONSE: [HeaderName; 2] = [CACHE_STATUS, SERVER_TIMING];

/// How a response may be cached.
pub struct CachePolicy {
    address: String,
    public: PublicAddress,
    /// The address of the same answer at its release, for `Content-Location`.
    location: Option<HeaderValue>,
    /// The release that is read; `None` for what depends on the program alone.
    pub release: Option<Release>,
    /// Whether the request names its release.
    pub pinned: bool,
    negotiated: bool,
    compressible: bool,
    /// Whether the response cache may store it.
    pub storable: bool,
    /// Whether only a release can change what the request resolves to, never the clock.
    timeless: bool,
}

impl CachePolicy {
    /// The policy of a plan; `address` is the request in canonical form.
    pub fn of_plan(plan: &ResolvedPlan, address: String) -> Self {
        let (pinned, timeless) = (plan.is_pinned(Utc::now()), plan.selection.as_of.is_none());
        Self { release: Some(plan.release.clone()), pinned, timeless, ..Self::of_program(address) }
    }

    /// The policy of a response that depends on the program alone.
    pub fn of_program(address: impl Into<String>) -> Self {
        let public = PublicAddress::current();
        Self {
            address: bounded(public.absolute(&address.into())),
            public,
            location: None,
            release: None,
            pinned: false,
            negotiated: false,
            compressible: true,
            storable: true,
            timeless: false,
        }
    }

    /// The policy of a response whose representation `Accept` may select. A stream of all rows is not `storable`, a page is.
    pub fn negotiated(self, representation: Representation, storable: bool) -> Self {
        let compressed = matches!(representation, Representation::Parquet | Representation::Xlsx);
        Self { negotiated: true, compressible: !compressed, storable, ..self }
    }

    /// The policy of a response that the same address at its release has too. A 304 names it as well. Proxies have little room for
    /// headers, so that a long address is left out: the response is the same without it.
    pub fn located(self, pinned: &str) -> Self {
        let location =
            HeaderValue::from_str(&self.public.absolute(pinned)).ok().filter(|value| value.len() <= MAX_LOCATION_BYTES);
        Self { location, ..self }
    }

    /// What stands before the addresses of the response.
    pub fn public_address(&self) -> &PublicAddress {
        &self.public
    }

    /// When the response was last modified: when its release was published.
    pub fn modified(&self) -> Option<SystemTime> {
        self.release.as_ref().map(|release| SystemTime::from(release.published_at))
    }

    /// Whether the client holds what the request has had since its release was published, if it has an answer.
    pub fn is_unmodified(&self, request: &HttpRequest) -> bool {
        etag::held(request, &self.key(request).etag(), self.modified()) == Held::AnyAnswer
    }

    /// The content coding. The handler of a response that is not storable applies it by itself.
    pub fn coding(&self, request: &HttpRequest) -> Coding {
        if self.compressible { Coding::preferred(request) } else { Coding::Identity }
    }

    /// The key of the response to a request.
    pub fn key(&self, request: &HttpRequest) -> CacheKey {
        CacheKey::new(self.release.as_ref(), self.address.clone(), self.coding(request))
    }

    /// The headers that a 200 and a 304 have in common.
    pub fn headers(&self, etag: &str) -> Headers {
        let chosen = match (self.negotiated, self.compressible) {
            (true, true) => "Accept, Accept-Encoding",
            (true, false) => "Accept",
            _ => "Accept-Encoding",
        };
        let vary = vary(chosen, &self.public);
        let cache_control = HeaderValue::from_static(if self.pinned { PINNED } else { UNPINNED });
        let mut headers = vec![(header::VARY, vary), (header::CACHE_CONTROL, cache_control)];
        headers.extend(self.release.as_ref().map(|release| (RELEASE_NUMBER, HeaderValue::from(release.number))));
        headers.extend(HeaderValue::from_str(etag).ok().map(|etag| (header::ETAG, etag)));
        let modified = self.modified().and_then(|time| HeaderValue::from_str(&HttpDate::from(time).to_string()).ok());
        headers.extend(modified.map(|modified| (header::LAST_MODIFIED, modified)));
        headers.extend(self.location.clone().map(|location| (header::CONTENT_LOCATION, location)));
        headers
    }

    /// The entry of the request index for a request with this response; `None` if the request may resolve to another
    /// response before the next release.
    pub fn index_entry(
        &self,
        request: &HttpRequest,
        release_watcher: &ReleaseWatcher,
        (key, etag): (CacheKey, String),
        mut headers: Headers,
        response: &HeaderMap,
    ) -> Option<IndexedRequest> {
        let release = self.release.as_ref().filter(|_| self.timeless && self.storable)?;
        let generation = release_watcher.generation_of(release, self.pinned)?;
        let not_modified_headers = headers.len();
        let own =
            response.iter().filter(|(name, _)| !PER_RESPONSE.contains(name) && headers.iter().all(|(known, _)| known != *name));
        let own: Headers = own.map(|(name, value)| (name.clone(), value.clone())).collect();
        headers.extend(own);
        let route = request.match_pattern()?;
        let (modified, pinned) = (self.modified(), self.pinned);
        Some(IndexedRequest { generation, key, etag, modified, pinned, headers, not_modified_headers, route })
    }
}

/// `Vary` of a response that these request headers choose. Where the headers of a proxy decide the addresses in it, they choose too.
pub fn vary(chosen: &'static str, public: &PublicAddress) -> HeaderValue {
    let all = || HeaderValue::from_str(&format!("{chosen}, {FORWARDING}")).ok();
    public.forwarded.then(all).flatten().unwrap_or(HeaderValue::from_static(chosen))
}

/// An address as part of a key: itself, or its digest if it is long.
fn bounded(address: String) -> String {
    if address.len() <= MAX_KEY_BYTES { address } else { format!("sha256:{}", hex::encode(Sha256::digest(&address))) }
}
