//! Owns the application: the registry of datasets put behind HTTP. The same for the server and for tests.
//! Must not know sockets, processes or the environment.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, HttpRequest, middleware, web};
use bytes::Bytes;
use tokio::sync::{Semaphore, watch};

use crate::datasets::REGISTRY;
use crate::db::Pool;
use crate::db::ReleaseWatcher;
use crate::db::Replicas;
use crate::db::connection::config::Database;
use crate::db::connection::pool::Limits;
use crate::db::read::export::Exports;
use crate::db::read::ranking::RankingCache;
use crate::http::cache::request_index::Shortcuts;
use crate::http::cache::store::Memory;
use crate::http::handlers::files;
use crate::http::handlers::{docs, problems};
use crate::http::middleware::observe;
use crate::http::openapi::document;
use crate::http::release_files::Store;
use crate::http::{Bounds, Endpoint, RateLimiters, State, router};
use crate::metrics::Metrics;
use crate::problem::{Kind, Problem};
use crate::publish::{QueueSettings, SubmissionQueue};
use crate::query::suggest::closest;

/// Connections for exports, besides those of the workers.
pub const EXPORT_CONNECTIONS: usize = 2;

/// What all workers share.
#[derive(Clone)]
pub struct Shared {
    /// The database.
    pub database: Database,
    /// Its replicas, which answer reads.
    pub replicas: Replicas,
    /// Connections and waits of each worker.
    pub limits: Limits,
    /// Room for the requests that may be with the database at once.
    pub room: Arc<Semaphore>,
    /// How much is given, and to whom.
    pub bounds: Bounds,
    /// The rate limiters.
    pub rate_limiters: Arc<RateLimiters>,
    /// The releases that the process knows.
    pub release_watcher: ReleaseWatcher,
    /// The answers that are kept.
    pub memory: Memory,
    /// The short ways to them.
    pub shortcuts: Shortcuts,
    /// How the figures of territories of a kind stand to each other.
    pub rankings: RankingCache,
    /// The way to many rows.
    pub exports: Exports,
    /// The files of releases.
    pub files: Store,
    /// The address that the service is known under, if that is set.
    pub public_url: Option<String>,
    /// Where publications are handed in.
    pub submissions: SubmissionQueue,
    /// The OpenAPI document.
    pub document: Bytes,
    /// What has been counted.
    pub metrics: Metrics,
    /// Whether the server is on its way down.
    pub stopping: watch::Sender<bool>,
}

/// What is kept on disk, and how much of it.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The folder of the files of releases.
    pub files: PathBuf,
    /// Where publications are received, by what, and how large.
    pub publishing: QueueSettings,
}

impl Shared {
    /// What workers share, for a database. Answers are kept up to so many bytes.
    /// Reads go to the replicas as far as they have come.
    pub fn new(database: Database, replicas: Vec<Database>, limits: Limits, disk: Disk, memory: u64) -> Self {
        let document = Bytes::from(document::text(REGISTRY));
        let metrics = Metrics::default();
        let replicas = Replicas::new(replicas);
        let exports = Exports::new(database.clone(), replicas.clone(), EXPORT_CONNECTIONS, metrics.exports());
        let release_watcher = ReleaseWatcher::follow(database.clone(), &exports.handle());
        replicas.follow(&release_watcher, &exports.handle());
        let files = Store::new(disk.files);
        let submissions = SubmissionQueue::new(database.clone(), REGISTRY, disk.publishing, metrics.publications());
        let (room, bounds) = (Arc::new(Semaphore::new(limits.in_flight)), Bounds::default());
        let rate_limiters = Arc::new(RateLimiters::new(&bounds));
        Self {
            release_watcher,
            memory: Memory::new(memory),
            shortcuts: Shortcuts::new(memory),
            rankings: RankingCache::new(memory),
            database,
            replicas,
            limits,
            room,
            bounds,
            rate_limiters,
            exports,
            files,
            submissions,
            public_url: None,
            document,
            metrics,
            stopping: watch::Sender::new(false),
        }
    }
}

impl Shared {
    /// The same within other bounds.
    pub fn within(self, bounds: Bounds) -> Self {
        let rate_limiters = Arc::new(RateLimiters::new(&bounds));
        Self { bounds, rate_limiters, ..self }
    }

    /// Builds the files of the newest release beside everything else.
    pub fn build_files(&self) {
        let build = files::build_missing(self.database.clone(), self.exports.clone(), self.files.clone(), REGISTRY);
        self.exports.handle().spawn(build);
    }
}

/// Makes the application of one worker. To be called on the worker's own thread, which its connections belong to.
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
            Arc::clone(&shared.room),
            shared.metrics.reads(),
        ),
        replicas: shared.replicas.clone(),
        release_watcher: shared.release_watcher.clone(),
        memory: shared.memory.clone(),
        shortcuts: shared.shortcuts.clone(),
        rankings: shared.rankings.clone(),
        exports: shared.exports.clone(),
        files: shared.files.clone(),
        public_url: shared.public_url.clone(),
        submissions: shared.submissions.clone(),
        bounds: shared.bounds.clone(),
        rate_limiters: Arc::clone(&shared.rate_limiters),
        registry: REGISTRY,
        document: shared.document.clone(),
        requests: shared.metrics.requests(&[shared.bounds.requests.name, shared.bounds.publications.name]),
        stopping: shared.stopping.clone(),
    };
    App::new()
        .app_data(web::Data::new(state))
        .wrap(middleware::from_fn(observe::observe))
        .configure(routes)
        .default_service(web::to(nothing_here))
}

fn routes(config: &mut web::ServiceConfig) {
    for endpoint in router::all(REGISTRY) {
        config.service(endpoint.resource());
    }
    config.service(router::read_only("/problems/", web::to(problems::problems)));
    config.service(router::read_only("/docs", web::to(docs::redirect)));
    config.service(router::read_only(docs::PAGES, web::to(docs::page)));
}

/// Answers for addresses where nothing is, with the closest that exist.
async fn nothing_here(request: HttpRequest) -> Result<actix_web::HttpResponse, Problem> {
    let paths: Vec<String> = router::all(REGISTRY).iter().map(Endpoint::path).collect();
    let near = closest(request.path(), paths.iter().map(String::as_str));
    Err(Problem::new(Kind::UnknownResource, "Nothing is found at this address.").closest(near))
}
