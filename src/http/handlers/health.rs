//! Owns the health of the service: whether it lives, and whether it can answer.
//! Must not know what is asked of it otherwise.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{ReleaseWatcher, Replicas};
use crate::http::response::envelope::JSON;
use crate::http::state::State;
use crate::problem::{Kind, Problem};

/// What the addresses of the service's health begin with.
pub const PATHS: &str = "/health/";

/// The state of the service.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// The newest release, where the database was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 2)]
    release: Option<i32>,
}

/// Whether the process lives
///
/// Answers as long as the process runs, whatever the state of the database: when it does not, restart the process.
#[utoipa::path(
    get,
    path = "/health/live",
    operation_id = "getLiveness",
    responses((status = 200, description = "The process lives.", body = Health))
)]
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type(JSON).json(Health { status: "ok", release: None })
}

/// Whether requests can be answered
///
/// Answers 200 when something is published and the database answers, or a replica that has the newest release; 503 otherwise and as
/// soon as the server is told to stop: then send requests elsewhere. The databases are asked twice a second, whether or not anybody
/// wants to know.
#[utoipa::path(
    get,
    path = "/health/ready",
    operation_id = "getReadiness",
    responses(
        (status = 200, description = "Requests can be answered.", body = Health)
    )
)]
pub async fn ready(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    readiness(&state.release_watcher, &state.replicas, state.is_stopping())
}

/// Whether requests can be answered, as far as the process knows anyway: no query has to wait behind those of others.
///
/// # Errors
/// 503 when they cannot.
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
    Ok(HttpResponse::Ok().content_type(JSON).json(Health { status: "ok", release: Some(release.number) }))
}
