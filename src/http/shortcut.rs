//! Owns the short way to what is in memory: which answer a request means, by its very bytes, so that what was asked before
//! is neither routed nor read nor planned again. Reading a request strictly costs more than answering it.
//! Must not know how answers are made.

use std::sync::Arc;

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::conditional;
use super::memory::{Headers, Key};
use super::reply::{How, describe, not_modified, remembered};
use super::state::State;
use crate::bounded::bounded;

/// What is kept for each byte of the memory of answers: its thirty-second part.
const SHARE: u64 = 32;

/// What one meaning takes beside its texts, about, in bytes.
const OVERHEAD: usize = 600;

/// Bytes of a meaning, about: how many are to be reckoned with.
const USUAL: u64 = 1024;

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
    /// What caches need to know.
    pub headers: Headers,
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
pub struct Shortcuts(Option<Arc<Meanings>>);

impl Shortcuts {
    /// The short ways into a memory of so many bytes.
    pub fn new(memory: u64) -> Self {
        let bytes = memory / SHARE;
        if bytes == 0 {
            return Self(None);
        }
        Self(Some(Arc::new(bounded(bytes, USUAL, PARTS, Weights))))
    }

    /// Remembers what a request means.
    pub fn keep(&self, request: &HttpRequest, meaning: impl FnOnce() -> Option<Meaning>) {
        let Some(meanings) = &self.0 else { return };
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

/// Answers a request that was answered before, with the pattern of its address, if its answer is still the same and still
/// there. Every check of a request that does not depend on its address must have been made.
pub fn answer(request: &ServiceRequest) -> Option<(HttpResponse, Arc<Meaning>)> {
    let state = request.app_data::<web::Data<State>>()?;
    let meanings = state.shortcuts.0.as_ref()?;
    let meaning = meanings.get(bytes(request.request())?.as_slice())?;
    let (generation, sure) = state.timeline.generation();
    if meaning.generation != generation {
        return None;
    }
    let mut response = match conditional::holds(request.request(), &meaning.tag) {
        Some(true) => not_modified(),
        _ => remembered(&*state.memory.get(&meaning.key)?, How::of(sure || meaning.pinned)),
    };
    describe(&mut response, &meaning.headers);
    Some((response, meaning))
}
