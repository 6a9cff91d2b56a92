//! Owns how an answer that never changes at its release is given: from memory if it is there, not at all if the client has
//! it already, with what caches need to know of it (RFC 9111, RFC 9211).
//! Must not know what is answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue, HttpDate};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use chrono::Utc;

use super::compression::Coding;
use super::etag::{self, Known};
use super::request_index::Meaning;
use super::store::{Entry, Found, Headers, Key};
use crate::http::response::security_headers::dress;
use crate::http::state::State;
use crate::metrics::Cached;
use crate::problem::{Kind, Problem};
use crate::query::{Release, Representation, ResolvedPlan};

/// What an address without a release answers, until the next publication: kept for a moment, shown a little longer while
/// the new one is fetched, and for a day while the service cannot be reached.
const PASSING: &str = "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400";

/// What an address with its release answers for ever.
const LASTING: &str = "public, max-age=31536000, immutable";

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// What is said of one answer only.
const OF_ONE: [HeaderName; 2] = [CACHE_STATUS, SERVER_TIMING];

/// What an answer depends on.
pub struct Asked {
    address: String,
    release: Option<Release>,
    pinned: bool,
    by_accept: bool,
    coded: bool,
    kept: bool,
    /// Whether only a release can change what is meant, and no passing of time.
    timeless: bool,
}

impl Asked {
    /// What a plan asks whose release is known: `address` is the request itself in canonical form.
    pub fn plan(plan: &ResolvedPlan, address: String) -> Self {
        let (pinned, timeless) = (plan.is_pinned(Utc::now()), plan.selection.as_of.is_none());
        Self { release: Some(plan.release.clone()), pinned, timeless, ..Self::program(address) }
    }

    /// What the program alone decides.
    pub fn program(address: impl Into<String>) -> Self {
        Self { address: address.into(), release: None, pinned: false, by_accept: false, coded: true, kept: true, timeless: false }
    }

    /// The same, whose representation the header `Accept` may choose; all rows of it, which are not `kept`, or a page.
    pub fn represented(self, representation: Representation, kept: bool) -> Self {
        let dense = matches!(representation, Representation::Parquet | Representation::Xlsx);
        Self { by_accept: true, coded: !dense, kept, ..self }
    }

    /// The coding in which it is answered. Who makes an answer that is not kept codes it.
    pub fn coding(&self, request: &HttpRequest) -> Coding {
        if self.coded { Coding::preferred(request) } else { Coding::Identity }
    }

    /// The headers that every answer to this has, whether or not the client has it already.
    fn headers(&self, tag: &str) -> Headers {
        let vary = match (self.by_accept, self.coded) {
            (true, true) => "Accept, Accept-Encoding",
            (true, false) => "Accept",
            _ => "Accept-Encoding",
        };
        let kept = HeaderValue::from_static(if self.pinned { LASTING } else { PASSING });
        let mut headers = vec![(header::VARY, HeaderValue::from_static(vary)), (header::CACHE_CONTROL, kept)];
        headers.extend(HeaderValue::from_str(tag).ok().map(|tag| (header::ETAG, tag)));
        let modified = self.release.as_ref().map(|release| HttpDate::from(std::time::SystemTime::from(release.published_at)));
        let modified = modified.and_then(|date| HeaderValue::from_str(&date.to_string()).ok());
        headers.extend(modified.map(|modified| (header::LAST_MODIFIED, modified)));
        headers
    }

    /// What the request means from now on, which was answered so; nothing when that may change without a release.
    fn meaning(
        &self,
        request: &HttpRequest,
        state: &State,
        key: Key,
        tag: String,
        headers: Headers,
        answered: &HeaderMap,
    ) -> Option<Meaning> {
        let release = self.release.as_ref().filter(|_| self.timeless && self.kept)?;
        let generation = state.release_watcher.generation_of(release, self.pinned)?;
        let mut dressed = HeaderMap::new();
        if let Some(media_type) = answered.get(header::CONTENT_TYPE) {
            dressed.insert(header::CONTENT_TYPE, media_type.clone());
        }
        dress(&mut dressed, request.path());
        dressed.remove(header::CONTENT_TYPE);
        let mut headers: Headers = headers.into_iter().chain(dressed).collect();
        let always = headers.len();
        let own = answered.iter().filter(|(name, _)| !OF_ONE.contains(name) && headers.iter().all(|(known, _)| known != *name));
        let own: Headers = own.map(|(name, value)| (name.clone(), value.clone())).collect();
        headers.extend(own);
        Some(Meaning { generation, key, tag, pinned: self.pinned, headers, always, route: request.match_pattern()? })
    }
}

/// Gives an answer headers, in place of those of the same names.
fn describe(response: &mut HttpResponse, headers: &Headers) {
    for (name, value) in headers {
        response.headers_mut().insert(name.clone(), value.clone());
    }
}

/// Answers what is asked; `make` makes the answer where it is not there yet.
///
/// # Errors
/// Those of `make`; 503 when somebody else has been making the answer for too long.
pub async fn reply(
    request: &HttpRequest,
    state: &State,
    asked: Asked,
    make: impl AsyncFnOnce() -> Result<HttpResponse, Problem>,
) -> Result<HttpResponse, Problem> {
    let key = Key::new(asked.release.as_ref(), asked.address.clone(), asked.coding(request));
    let tag = tag(&key);
    let headers = asked.headers(&tag);
    let known = etag::known(request);
    if matches!(&known, Some(Known::Tags(tags)) if tags.contains(&tag)) {
        let mut response = counted(not_modified(), Cached::NotModified);
        describe(&mut response, &headers);
        return Ok(response);
    }
    let mut response = match asked.kept {
        true => kept(state, &asked, key.clone(), make).await?,
        false => make().await?,
    };
    if matches!(known, Some(Known::Any)) && response.status() == StatusCode::OK {
        // Only now is it known that there is anything.
        response = counted(not_modified(), Cached::NotModified);
    }
    describe(&mut response, &headers);
    if response.status().is_success() {
        state.shortcuts.keep(request, || asked.meaning(request, state, key, tag, headers, response.headers()));
    }
    Ok(response)
}

/// The answer to a client that has it already.
pub fn not_modified() -> HttpResponse {
    HttpResponse::NotModified().finish()
}

/// The answer, with what it is to be counted as.
fn counted(mut response: HttpResponse, cached: Cached) -> HttpResponse {
    response.extensions_mut().insert(cached);
    response
}

/// The entity tag: strong, since the key decides every byte, and another one for each coding.
fn tag(key: &Key) -> String {
    let release = key.release.map_or(String::new(), |(number, time)| format!("{number} {time}"));
    etag::tag(&[&release, &key.address, key.coding.name().unwrap_or_default()])
}

async fn kept(
    state: &State,
    asked: &Asked,
    key: Key,
    make: impl AsyncFnOnce() -> Result<HttpResponse, Problem>,
) -> Result<HttpResponse, Problem> {
    let found = state.memory.find(&key, state.pool.wait()).await;
    let turn = match found {
        Found::Here(entry) => {
            let sure = asked.release.is_none() || asked.pinned || state.release_watcher.is_current();
            let how = How::of(sure);
            return Ok(counted(remembered(&entry, how), how.counted()));
        }
        Found::Late => return Err(Problem::new(Kind::Unavailable, "The answer takes too long; try again in a while.")),
        Found::Ours(turn) => Some(turn),
        Found::Nothing => None,
    };
    let plain = Key { coding: Coding::Identity, ..key.clone() };
    let (entry, spent) = match state.memory.peek(&plain) {
        Some(entry) => (entry, Duration::ZERO),
        None => {
            let started = Instant::now();
            match entry(make().await?) {
                Ok(entry) => (Arc::new(entry), started.elapsed()),
                Err(other) => return Ok(*other),
            }
        }
    };
    let entry = coded(entry, key.coding).await?;
    let stored = state.memory.has_room(entry.body.len());
    if stored {
        match turn {
            Some(turn) => turn.take(Arc::clone(&entry)),
            None => state.memory.keep(key, Arc::clone(&entry)),
        }
    }
    let how = if stored { How::Stored } else { How::Made };
    let mut response = counted(remembered(&entry, how), how.counted());
    let timing = format!("cache;desc=miss, db;dur={:.1}", spent.as_secs_f64() * 1000.0);
    if let Ok(timing) = HeaderValue::from_str(&timing) {
        response.headers_mut().insert(SERVER_TIMING, timing);
    }
    Ok(response)
}

/// What can be kept of an answer; the answer itself where that is nothing: a stream, or anything but 200.
fn entry(response: HttpResponse) -> Result<Entry, Box<HttpResponse>> {
    if response.status() != StatusCode::OK {
        return Err(Box::new(response));
    }
    let (head, body) = response.into_parts();
    match body.try_into_bytes() {
        Ok(body) => {
            Ok(Entry { headers: head.headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect(), body })
        }
        Err(body) => Err(Box::new(head.set_body(body))),
    }
}

async fn coded(entry: Arc<Entry>, coding: Coding) -> Result<Arc<Entry>, Problem> {
    let (Some(body), Some(name)) = (coding.code(&entry.body).await?, coding.name()) else { return Ok(entry) };
    let mut headers = entry.headers.clone();
    headers.push((header::CONTENT_ENCODING, HeaderValue::from_static(name)));
    Ok(Arc::new(Entry { headers, body }))
}

/// How an answer was come by.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// It was there.
    Hit,
    /// It was there, and there may be a newer one.
    Stale,
    /// It was made, and is kept.
    Stored,
    /// It was made.
    Made,
}

impl How {
    /// That of an answer that was there; `sure` that there is no newer one.
    pub fn of(sure: bool) -> Self {
        if sure { Self::Hit } else { Self::Stale }
    }

    /// What it is counted as.
    pub fn counted(self) -> Cached {
        match self {
            Self::Hit => Cached::Hit,
            Self::Stale => Cached::Stale,
            Self::Stored | Self::Made => Cached::Miss,
        }
    }

    /// What the headers say of it: `Cache-Status` (RFC 9211) and `Server-Timing`.
    fn told(self) -> (HeaderValue, HeaderValue) {
        const MISS: HeaderValue = HeaderValue::from_static("cache;desc=miss");
        match self {
            Self::Hit => const { (HeaderValue::from_static("Reperes; hit"), HeaderValue::from_static("cache;desc=hit")) },
            Self::Stale => {
                const { (HeaderValue::from_static("Reperes; hit; detail=stale"), HeaderValue::from_static("cache;desc=stale")) }
            }
            Self::Stored => (const { HeaderValue::from_static("Reperes; fwd=miss; stored") }, MISS),
            Self::Made => (const { HeaderValue::from_static("Reperes; fwd=miss") }, MISS),
        }
    }
}

/// The answer that is, or could be, in memory.
fn remembered(entry: &Entry, how: How) -> HttpResponse {
    let mut response = from_memory(entry.body.clone(), how);
    for (name, value) in &entry.headers {
        response.headers_mut().append(name.clone(), value.clone());
    }
    response
}

/// An answer with this body, which says how it was come by.
pub fn from_memory(body: Bytes, how: How) -> HttpResponse {
    let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(body));
    let (status, timing) = how.told();
    response.headers_mut().append(CACHE_STATUS, status);
    response.headers_mut().append(SERVER_TIMING, timing);
    response
}
