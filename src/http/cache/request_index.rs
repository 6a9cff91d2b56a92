//! Owns the short way to what is in memory: which answer a request means, by its very bytes, so that what was asked before
//! is neither routed nor read nor planned again. Reading a request strictly costs more than answering it.
//! Must not know how answers are made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::etag;
use super::respond::{How, from_memory, not_modified};
use super::store::{Headers, Key};
use crate::http::state::State;
use crate::metrics::Cached;
use crate::sharded_cache::bounded;

/// What is kept for each byte of the memory of answers: its sixteenth part.
const SHARE: u64 = 16;

/// What one meaning takes beside its texts, about, in bytes.
const OVERHEAD: usize = 1800;

/// Bytes of a meaning, about: how many are to be reckoned with.
const USUAL: u64 = 2048;

/// The most parts that have a lock of their own.
const PARTS: u64 = 16;

/// What a request means, as long as no release is published.
pub struct Meaning {
    /// What the process knew of the releases.
    pub generation: u64,
    /// Which answer it is.
    pub key: Key,
    /// Its entity tag.
    pub tag: String,
    /// Whether the request names its release.
    pub pinned: bool,
    /// The headers of its answer: first those that it has even when the client has the rest already.
    pub headers: Headers,
    /// How many these are.
    pub always: usize,
    /// The pattern of its address.
    pub route: String,
}

#[derive(Clone)]
struct Weights;

impl Weighter<Box<[u8]>, Arc<Meaning>> for Weights {
    fn weight(&self, asked: &Box<[u8]>, meaning: &Arc<Meaning>) -> u64 {
        (OVERHEAD + asked.len() + meaning.key.address.len()) as u64
    }
}

type Meanings = Cache<Box<[u8]>, Arc<Meaning>, Weights>;

/// What requests mean, for all workers. Copies are the same.
#[derive(Clone)]
pub struct Shortcuts {
    meanings: Option<Arc<Meanings>>,
    hits: Arc<AtomicU64>,
}

impl Shortcuts {
    /// The short ways into a memory of so many bytes.
    pub fn new(memory: u64) -> Self {
        let bytes = memory / SHARE;
        let meanings = (bytes > 0).then(|| Arc::new(bounded(bytes, USUAL, PARTS, Weights)));
        Self { meanings, hits: Arc::default() }
    }

    /// The requests that were answered by this way since the start.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Remembers what a request means.
    pub fn keep(&self, request: &HttpRequest, meaning: impl FnOnce() -> Option<Meaning>) {
        let Some(meanings) = &self.meanings else { return };
        if let (Some(asked), Some(meaning)) = (bytes(request), meaning()) {
            meanings.insert(asked.into(), Arc::new(meaning));
        }
    }
}

/// All of a request that decides its answer, but for what the client has already; nothing for what is not simply read.
fn bytes(request: &HttpRequest) -> Option<Vec<u8>> {
    if request.method() != Method::GET {
        return None;
    }
    let address = request.uri().path_and_query()?.as_str();
    let mut asked = Vec::with_capacity(address.len() + 128);
    asked.extend_from_slice(address.as_bytes());
    for name in [header::ACCEPT, header::ACCEPT_ENCODING] {
        // No header holds a line's end, so that two requests never look alike.
        asked.push(b'\n');
        for value in request.headers().get_all(name) {
            asked.extend_from_slice(value.as_bytes());
            asked.push(b'\r');
        }
    }
    Some(asked)
}

/// What was answered before.
pub struct Short {
    /// The answer, with all its headers but those of this very request.
    pub response: HttpResponse,
    /// What the request means.
    pub meaning: Arc<Meaning>,
    /// What the answer is to be counted as.
    pub cached: Cached,
}

/// Answers a request that was answered before, if its answer is still the same and still there. Every check of a request
/// that does not depend on its address must have been made.
pub fn answer(request: &HttpRequest, state: &State) -> Option<Short> {
    let meanings = state.shortcuts.meanings.as_ref()?;
    let meaning = meanings.get(bytes(request)?.as_slice())?;
    let (generation, sure) = state.release_watcher.generation();
    if meaning.generation != generation {
        return None;
    }
    let (mut response, cached, given) = match etag::holds(request, &meaning.tag) {
        Some(true) => (not_modified(), Cached::NotModified, meaning.always),
        _ => {
            let how = How::of(sure || meaning.pinned);
            let body = state.memory.get(&meaning.key)?.body.clone();
            (from_memory(body, how), how.counted(), meaning.headers.len())
        }
    };
    for (name, value) in &meaning.headers[..given] {
        response.headers_mut().append(name.clone(), value.clone());
    }
    state.shortcuts.hits.fetch_add(1, Ordering::Relaxed);
    Some(Short { response, meaning, cached })
}
