//! Owns what the operator's address answers: the metrics, and the state of the service as on the public one.
//! Must not know sockets, nor ask the database anything: it answers while that is away and all workers are busy.

use actix_web::{HttpResponse, ResponseError, guard, web};
use tokio::sync::watch;

use super::health;
use crate::db::read::export::Exports;
use crate::db::{Replicas, Timeline};
use crate::http::cache::response_cache::ResponseCache;
use crate::metrics::{Levels, Metrics, TEXT};

/// What is looked at.
#[derive(Clone)]
pub struct AdminState {
    /// What has been counted.
    pub metrics: Metrics,
    /// The releases that the process knows.
    pub timeline: Timeline,
    /// How far the replicas are.
    pub replicas: Replicas,
    /// The answers that are kept.
    pub response_cache: ResponseCache,
    /// The way to many rows.
    pub exports: Exports,
    /// Whether the server is on its way down.
    pub stopping: watch::Sender<bool>,
}

/// The routes; everything else is 404, or 405 for what does more than read.
pub fn routes(config: &mut web::ServiceConfig) {
    let read = || web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    config
        .service(web::resource("/metrics").route(read().to(metrics)))
        .service(web::resource("/health/live").route(read().to(health::live)))
        .service(web::resource("/health/ready").route(read().to(ready)));
}

async fn metrics(state: web::Data<AdminState>) -> HttpResponse {
    let release = state.timeline.newest().map(|release| (release.number, release.published_at));
    let (database, cache) = (state.timeline.is_sure(), state.response_cache.size());
    let levels = Levels { database, release, cache, exports: state.exports.running() };
    HttpResponse::Ok().content_type(TEXT).body(state.metrics.text(&levels))
}

async fn ready(state: web::Data<AdminState>) -> HttpResponse {
    match health::readiness(&state.timeline, &state.replicas, *state.stopping.borrow()) {
        Ok(ready) => ready,
        Err(problem) => HttpResponse::build(problem.status_code()).content_type("application/problem+json").body(problem.body()),
    }
}
