//! Owns the actix application: the registry of datasets behind HTTP. The server and the tests use the same.
//! Must not know sockets, processes or the environment.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, middleware, web};
use bytes::Bytes;
use tokio::sync::{Semaphore, watch};

use crate::datasets::REGISTRY;
use crate::db::ReleaseWatcher;
use crate::db::Replicas;
use crate::db::connection::config::Database;
use crate::db::connection::pool::Limits;
use crate::db::read::export::Exports;
use crate::db::read::licences::LicenceCache;
use crate::db::read::named_cells::NamedCells;
use crate::db::read::ranking::RankingCache;
use crate::db::{HeavyReads, Pool};
use crate::http::cache::request_index::RequestIndex;
use crate::http::cache::response_cache::ResponseCache;
use crate::http::deprecation::{self, Deprecation};
use crate::http::export_places::ExportPlaces;
use crate::http::handlers::{docs, files, not_found, problems};
use crate::http::middleware::pipeline;
use crate::http::openapi::document;
use crate::http::release_files::ReleaseFiles;
use crate::http::{Bounds, RateLimiters, State, router};
use crate::metrics::Metrics;
use crate::publish::{QueueSettings, SubmissionQueue};

/// The connections of exports, besides those of the workers.
pub const EXPORT_CONNECTIONS: usize = 2;

/// The state that all workers share.
#[derive(Clone)]
pub struct Shared {
    /// The database.
    pub database: Database,
    /// The replicas, which answer reads.
    pub replicas: Replicas,
    /// The connections and timeouts of each worker.
    pub limits: Limits,
    /// Limits the light reads of the database at once.
    pub room: Arc<Semaphore>,
    /// The heavy reads.
    pub heavy: HeavyReads,
    /// The limits that the operator sets.
    pub bounds: Bounds,
    /// The rate limits.
    pub rate_limiters: Arc<RateLimiters>,
    /// The releases that the process knows.
    pub release_watcher: ReleaseWatcher,
    /// The response cache.
    pub response_cache: ResponseCache,
    /// The index from requests to cached responses.
    pub request_index: RequestIndex,
    /// The ranks of figures among territories of one kind.
    pub rankings: RankingCache,
    /// The licences of datasets at releases.
    pub licences: LicenceCache,
    /// The cells that rows have from the rows that they refer to.
    pub named_cells: NamedCells,
    /// The connections of exports.
    pub exports: Exports,
    /// The places of exports.
    pub export_places: ExportPlaces,
    /// The files of releases.
    pub files: ReleaseFiles,
    /// The public address of the service, if it is configured.
    pub public_url: Option<String>,
    /// What stands before the address of a type of problem. The server sets it.
    pub problem_base: Arc<str>,
    /// The queue of publications.
    pub submissions: SubmissionQueue,
    /// The OpenAPI document.
    pub document: Bytes,
    /// The parts of the contract that will end.
    pub deprecations: &'static [Deprecation],
    /// The metrics.
    pub metrics: Metrics,
    /// Whether the server is stopping.
    pub stopping: watch::Sender<bool>,
}

/// The files on disk.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The directory of the files of releases.
    pub files: PathBuf,
    /// The settings of publishing.
    pub publishing: QueueSettings,
}

impl Shared {
    /// The state for a database and its replicas. The response cache takes at most `cache_bytes`; 0 turns it off.
    pub fn new(database: Database, replicas: Vec<Database>, limits: Limits, disk: Disk, cache_bytes: u64) -> Self {
        let document = Bytes::from(document::text(REGISTRY));
        let metrics = Metrics::default();
        let replicas = Replicas::new(replicas);
        let named_cells = NamedCells::default();
        let exports = Exports::new(database.clone(), replicas.clone(), EXPORT_CONNECTIONS, named_cells.clone());
        let release_watcher = ReleaseWatcher::follow(database.clone(), &exports.handle());
        replicas.follow(&release_watcher, &exports.handle());
        let heavy = HeavyReads::new(database.clone(), &replicas, limits, &exports.handle());
        let files = ReleaseFiles::new(disk.files, database.clone());
        let submissions = SubmissionQueue::new(database.clone(), REGISTRY, disk.publishing, metrics.publications());
        let (room, bounds) = (Arc::new(Semaphore::new(limits.in_flight)), Bounds::default());
        let rate_limiters = Arc::new(RateLimiters::new(&bounds));
        let export_places = ExportPlaces::new(bounds.exports, metrics.exports());
        Self {
            release_watcher,
            response_cache: ResponseCache::new(cache_bytes),
            request_index: RequestIndex::new(cache_bytes),
            rankings: RankingCache::new(cache_bytes),
            licences: LicenceCache::default(),
            named_cells,
            database,
            replicas,
            limits,
            room,
            heavy,
            bounds,
            rate_limiters,
            exports,
            export_places,
            files,
            submissions,
            public_url: None,
            problem_base: Arc::from(""),
            document,
            deprecations: deprecation::TABLE,
            metrics,
            stopping: watch::Sender::new(false),
        }
    }
}

impl Shared {
    /// The state with other limits.
    pub fn within(self, bounds: Bounds) -> Self {
        let rate_limiters = Arc::new(RateLimiters::new(&bounds));
        let export_places = self.export_places.within(bounds.exports);
        Self { bounds, rate_limiters, export_places, ..self }
    }

    /// The state with other deprecations, which the OpenAPI document marks.
    pub fn deprecating(self, deprecations: &'static [Deprecation]) -> Self {
        Self { document: Bytes::from(document::text_with(REGISTRY, deprecations)), deprecations, ..self }
    }

    /// Builds the files of the newest release in the background, until the server stops.
    pub fn build_files(&self) {
        let build = files::build_missing(self.database.clone(), self.exports.clone(), self.files.clone(), REGISTRY);
        let mut stopping = self.stopping.subscribe();
        self.exports.handle().spawn(async move {
            tokio::select! {
                () = build => (),
                _ = stopping.wait_for(|stopping| *stopping) => (),
            }
        });
    }
}

/// Makes the application of one worker. The worker's thread must call it, since its connections belong to that thread.
pub fn build(
    shared: &Shared,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    let state = State {
        pool: Pool::new(
            shared.database.clone(),
            shared.replicas.clone(),
            shared.limits,
            (Arc::clone(&shared.room), shared.heavy.clone()),
            shared.metrics.reads(),
        ),
        replicas: shared.replicas.clone(),
        release_watcher: shared.release_watcher.clone(),
        response_cache: shared.response_cache.clone(),
        request_index: shared.request_index.clone(),
        rankings: shared.rankings.clone(),
        licences: shared.licences.clone(),
        named_cells: shared.named_cells.clone(),
        exports: shared.exports.clone(),
        export_places: shared.export_places.clone(),
        files: shared.files.clone(),
        public_url: shared.public_url.as_deref().map(Arc::from),
        problem_base: Arc::clone(&shared.problem_base),
        submissions: shared.submissions.clone(),
        bounds: shared.bounds.clone(),
        rate_limiters: Arc::clone(&shared.rate_limiters),
        registry: REGISTRY,
        document: shared.document.clone(),
        deprecations: shared.deprecations,
        requests: shared.metrics.requests(&[
            shared.bounds.requests.name,
            shared.bounds.database_time.name,
            shared.bounds.publications.name,
        ]),
        stopping: shared.stopping.clone(),
    };
    App::new()
        .app_data(web::Data::new(state))
        .wrap(middleware::from_fn(pipeline::pipeline))
        .configure(routes)
        .default_service(web::to(not_found::not_found))
}

fn routes(config: &mut web::ServiceConfig) {
    for endpoint in router::all(REGISTRY) {
        config.service(endpoint.resource());
    }
    for redirect in router::redirects(REGISTRY) {
        config.service(redirect);
    }
    config.service(router::read_only("/problems/", web::to(problems::problems)));
    config.service(router::read_only("/docs", web::to(docs::redirect)));
    for (path, page) in docs::CONTRACTS {
        config.service(router::read_only(path, web::to(move |request, state| docs::contract(request, state, path, page))));
    }
    config.service(router::read_only(docs::PAGES, web::to(docs::page)));
}
