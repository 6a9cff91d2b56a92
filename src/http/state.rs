//! Owns the state that the handlers of one worker share.
//! Must not know how it is made.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use super::cache::request_index::RequestIndex;
use super::cache::response_cache::ResponseCache;
use super::deprecation::Deprecation;
use super::export_places::ExportPlaces;
use super::middleware::limits::{Bounds, RateLimiters};
use super::release_files::ReleaseFiles;
use crate::db::Pool;
use crate::db::ReleaseWatcher;
use crate::db::Replicas;
use crate::db::read::export::Exports;
use crate::db::read::licences::LicenceCache;
use crate::db::read::named_cells::NamedCells;
use crate::db::read::ranking::RankingCache;
use crate::metrics::Requests;
use crate::publish::SubmissionQueue;
use crate::query::Dataset;

/// The state of one worker.
pub struct State {
    /// The connections of the worker.
    pub pool: Pool,
    /// The replicas and their releases.
    pub replicas: Replicas,
    /// The releases that the process knows.
    pub release_watcher: ReleaseWatcher,
    /// The response cache, shared by all workers.
    pub response_cache: ResponseCache,
    /// The index from requests to cached responses, shared by all workers.
    pub request_index: RequestIndex,
    /// The ranks of figures among territories of one kind, shared by all workers.
    pub rankings: RankingCache,
    /// The licences of datasets at releases, shared by all workers.
    pub licences: LicenceCache,
    /// The cells that rows have from the rows that they refer to, shared by all workers.
    pub named_cells: NamedCells,
    /// The connections of exports, shared by all workers.
    pub exports: Exports,
    /// The places of exports, shared by all workers.
    pub export_places: ExportPlaces,
    /// The files of releases.
    pub files: ReleaseFiles,
    /// The public address of the service, if it is configured.
    pub public_url: Option<Arc<str>>,
    /// What stands before the address of a type of problem: the public address, else the one that the server listens on.
    pub problem_base: Arc<str>,
    /// The queue of publications.
    pub submissions: SubmissionQueue,
    /// The limits that the operator sets.
    pub bounds: Bounds,
    /// The rate limits.
    pub rate_limiters: Arc<RateLimiters>,
    /// All datasets.
    pub registry: &'static [&'static Dataset],
    /// The OpenAPI document.
    pub document: Bytes,
    /// The parts of the contract that will end.
    pub deprecations: &'static [Deprecation],
    /// The metrics of the worker.
    pub requests: Requests,
    /// Whether the server is stopping.
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

    /// Whether the server is stopping.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }
}
