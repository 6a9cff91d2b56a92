//! Owns the routes of the operator's address: the metrics, and the probes of the public address.
//! Must not know sockets, nor query the database: it answers while the database is down and all workers are busy.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpResponse, ResponseError, guard, web};
use tokio::sync::watch;

use super::health;
use crate::db::{HeavyReads, ReleaseWatcher, Replicas};
use crate::http::cache::response_cache::ResponseCache;
use crate::http::export_places::ExportPlaces;
use crate::http::response::error_response::PROBLEM;
use crate::metrics::{Levels, Metrics, TEXT};

/// What the handlers share.
#[derive(Clone)]
pub struct AdminState {
    /// The metrics.
    pub metrics: Metrics,
    /// The releases that the process knows.
    pub release_watcher: ReleaseWatcher,
    /// The replicas and their releases.
    pub replicas: Replicas,
    /// The response cache.
    pub response_cache: ResponseCache,
    /// The exports that are running.
    pub export_places: ExportPlaces,
    /// The heavy reads.
    pub heavy_reads: HeavyReads,
    /// Whether the server is stopping.
    pub stopping: watch::Sender<bool>,
    /// The address before that of the type of a problem.
    pub problem_base: Arc<str>,
}

/// Registers the routes. Any other path is 404, any other method 405.
pub fn routes(config: &mut web::ServiceConfig) {
    let read = || web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    config
        .service(web::resource("/metrics").route(read().to(metrics)))
        .service(web::resource("/health/live").route(read().to(health::live)))
        .service(web::resource("/health/ready").route(read().to(ready)));
}

async fn metrics(state: web::Data<AdminState>) -> HttpResponse {
    let release = state.release_watcher.newest().map(|release| (release.number, release.published_at));
    let (database, cache) = (state.release_watcher.is_current(), state.response_cache.size());
    let (exports, heavy_reads) = (state.export_places.running(), state.heavy_reads.load());
    let levels = Levels { database, release, cache, exports, heavy_reads };
    HttpResponse::Ok().content_type(TEXT).insert_header((header::CACHE_CONTROL, "no-store")).body(state.metrics.text(&levels))
}

async fn ready(state: web::Data<AdminState>) -> HttpResponse {
    match health::readiness(&state.release_watcher, &state.replicas, *state.stopping.borrow()) {
        Ok(ready) => ready,
        Err(problem) => {
            let document = problem.at(&state.problem_base);
            let mut response = HttpResponse::build(document.status_code());
            response.content_type(PROBLEM).insert_header((header::CACHE_CONTROL, "no-store")).body(document.body())
        }
    }
}
