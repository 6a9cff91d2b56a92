//! Owns what a server answers until it is ready: that it runs, its metrics to the operator, and to everything else that it is
//! starting, with the step that it is at.
//! Must not know the steps, nor what the server will answer.

mod progress;

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpResponse, guard, web};

use super::health;
use crate::metrics::{Levels, Metrics, TEXT};
use crate::problem::{Kind, Problem};
pub use progress::StartProgress;

/// After how many seconds a client asks again.
const RETRY_AFTER: u32 = 2;

/// What the handlers of one address share.
#[derive(Clone)]
pub struct StartingState {
    /// How far the start is.
    pub progress: StartProgress,
    /// The address before that of the type of a problem.
    pub problem_base: Arc<str>,
    /// The metrics of the process, if the address is the operator's.
    metrics: Option<Metrics>,
}

impl StartingState {
    /// The state for the public address, or for the operator's, which has metrics.
    pub fn new(progress: StartProgress, problem_base: Arc<str>, admin: bool) -> Self {
        Self { progress, problem_base, metrics: admin.then(Metrics::default) }
    }
}

/// Registers the routes of an address.
pub fn routes(config: &mut web::ServiceConfig, state: &StartingState) {
    let read = || web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    config.service(web::resource("/health/live").route(read().to(health::live)).default_service(web::to(starting)));
    if state.metrics.is_some() {
        config.service(web::resource("/metrics").route(read().to(metrics)).default_service(web::to(starting)));
    }
    config.app_data(web::Data::new(state.clone()));
}

/// Answers 503 with the step.
///
/// # Errors
/// Always.
pub async fn starting(state: web::Data<StartingState>) -> Result<HttpResponse, Problem> {
    let detail = format!("The server is starting: {}.", state.progress.step());
    Err(Problem::new(Kind::Unavailable, detail).retry_after(RETRY_AFTER))
}

async fn metrics(state: web::Data<StartingState>) -> HttpResponse {
    let levels = Levels { database: false, release: None, cache: (0, 0), exports: 0, heavy_reads: (0, 0) };
    let text = state.metrics.as_ref().map(|metrics| metrics.text(&levels)).unwrap_or_default();
    HttpResponse::Ok().content_type(TEXT).insert_header((header::CACHE_CONTROL, "no-store")).body(text)
}
