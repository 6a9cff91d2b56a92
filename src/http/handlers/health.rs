//! Owns the probes of an orchestrator: liveness and readiness.
//! Must not know any other path.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{ReleaseWatcher, Replicas};
use crate::http::response::envelope::JSON;
use crate::http::state::State;
use crate::problem::{Kind, Problem};

/// The state of the service.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// The number of the newest release; only in the readiness.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 2)]
    release: Option<i32>,
}

/// Liveness
///
/// Returns 200 as long as the process runs, whatever the state of the database. If it does not answer, restart the process.
#[utoipa::path(
    get,
    path = "/health/live",
    operation_id = "getLiveness",
    responses((status = 200, description = "The process runs.", body = Health))
)]
pub async fn live() -> HttpResponse {
    healthy(None)
}

/// Readiness
///
/// Returns 200 if a release is published and the database or a replica with the newest release answers. Returns 503
/// otherwise, and from the moment the server begins to stop: then send requests to another server. The server checks the
/// databases twice a second, independently of this request.
#[utoipa::path(
    get,
    path = "/health/ready",
    operation_id = "getReadiness",
    responses(
        (status = 200, description = "The service can answer requests.", body = Health)
    )
)]
pub async fn ready(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    readiness(&state.release_watcher, &state.replicas, state.is_stopping())
}

/// Reports readiness from what the process knows already, without a query.
///
/// # Errors
/// Returns 503 if the service is not ready.
pub fn readiness(release_watcher: &ReleaseWatcher, replicas: &Replicas, stopping: bool) -> Result<HttpResponse, Problem> {
    if stopping {
        return Err(Problem::new(Kind::Unavailable, "The server is stopping."));
    }
    if !release_watcher.is_current() && !release_watcher.newest().is_some_and(|newest| replicas.any_has(&newest)) {
        return Err(Problem::new(Kind::Unavailable, "The database does not answer."));
    }
    let Some(release) = release_watcher.newest() else {
        return Err(Problem::new(Kind::Unavailable, "Nothing has been published yet."));
    };
    Ok(healthy(Some(release.number)))
}

/// The answer of a moment: no cache may give it to the next probe.
fn healthy(release: Option<i32>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(JSON)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Health { status: "ok", release })
}
