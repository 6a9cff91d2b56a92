//! Owns what every handler of one worker shares.
//! Must not know how it is made.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use super::cache::request_index::Shortcuts;
use super::cache::store::Memory;
use super::middleware::limits::{Bounds, RateLimiters};
use super::release_files::Store;
use crate::db::Pool;
use crate::db::ReleaseWatcher;
use crate::db::Replicas;
use crate::db::read::export::Exports;
use crate::db::read::ranking::RankingCache;
use crate::metrics::Requests;
use crate::publish::SubmissionQueue;
use crate::query::Dataset;

/// What the handlers of one worker share.
pub struct State {
    /// The worker's connections.
    pub pool: Pool,
    /// How far the replicas are.
    pub replicas: Replicas,
    /// The releases that the process knows.
    pub release_watcher: ReleaseWatcher,
    /// The answers that are kept, for all workers.
    pub memory: Memory,
    /// The short ways to them, for all workers.
    pub shortcuts: Shortcuts,
    /// How the figures of territories of a kind stand to each other, for all workers.
    pub rankings: RankingCache,
    /// The way to many rows, shared by all workers.
    pub exports: Exports,
    /// The files of releases.
    pub files: Store,
    /// The address that the service is known under, if that is set.
    pub public_url: Option<String>,
    /// Where publications are handed in.
    pub submissions: SubmissionQueue,
    /// How much is given, and to whom.
    pub bounds: Bounds,
    /// The rate limiters.
    pub rate_limiters: Arc<RateLimiters>,
    /// Every dataset.
    pub registry: &'static [&'static Dataset],
    /// The OpenAPI document, made once for all workers.
    pub document: Bytes,
    /// The worker's counts of requests.
    pub requests: Requests,
    /// Whether the server is on its way down.
    pub stopping: watch::Sender<bool>,
}

impl State {
    /// The dataset with this name.
    pub fn dataset(&self, name: &str) -> Option<&'static Dataset> {
        self.registry.iter().copied().find(|dataset| dataset.name == name)
    }

    /// The datasets that are collections.
    pub fn collections(&self) -> impl Iterator<Item = &'static Dataset> {
        self.registry.iter().copied().filter(|dataset| dataset.public)
    }

    /// Whether new requests should go elsewhere.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }
}
