//! Owns what the operator's address answers: the metrics, and the state of the service as on the public one.
//! Must not know sockets, nor ask the database anything: it answers while that is away and all workers are busy.

use actix_web::{HttpResponse, ResponseError, guard, web};
use tokio::sync::watch;

use super::health;
use crate::db::read::export::Exports;
use crate::db::{ReleaseWatcher, Replicas};
use crate::http::cache::store::Memory;
use crate::metrics::{Levels, Metrics, TEXT};

/// What is looked at.
#[derive(Clone)]
pub struct Watched {
    /// What has been counted.
    pub metrics: Metrics,
    /// The releases that the process knows.
    pub release_watcher: ReleaseWatcher,
    /// How far the replicas are.
    pub replicas: Replicas,
    /// The answers that are kept.
    pub memory: Memory,
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

async fn metrics(watched: web::Data<Watched>) -> HttpResponse {
    let release = watched.release_watcher.newest().map(|release| (release.number, release.published_at));
    let (database, cache) = (watched.release_watcher.is_current(), watched.memory.size());
    let levels = Levels { database, release, cache, exports: watched.exports.running() };
    HttpResponse::Ok().content_type(TEXT).body(watched.metrics.text(&levels))
}

async fn ready(watched: web::Data<Watched>) -> HttpResponse {
    match health::readiness(&watched.release_watcher, &watched.replicas, *watched.stopping.borrow()) {
        Ok(ready) => ready,
        Err(problem) => HttpResponse::build(problem.status_code()).content_type("application/problem+json").body(problem.body()),
    }
}
