//! Owns the record of each request: a line in the access log, and its metrics.
//! Must not know how a request is answered.

use std::time::Instant;

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};

use super::request_id::RequestId;
use crate::http::state::State;
use crate::metrics::{Cached, InFlight};

/// The target of the access log.
const ACCESS: &str = "reperes::access";

/// The record of one request, which begins when its head is read.
pub struct RequestLog {
    started: Instant,
    method: Method,
    path: String,
    _in_flight: InFlight,
}

impl RequestLog {
    /// Begins the record.
    pub fn start(request: &ServiceRequest, state: &web::Data<State>) -> Self {
        Self {
            started: Instant::now(),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            _in_flight: state.requests.begin(),
        }
    }

    /// The path of the request.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Counts the response and logs the request. `route` is the pattern of its path, never the path itself: it labels
    /// metrics.
    pub fn finish(&self, state: &State, id: &RequestId, route: &str, response: &HttpResponse, cached: Option<Cached>) {
        let (method, path) = (self.method.as_str(), self.path.as_str());
        let (status, elapsed) = (response.status().as_u16(), self.started.elapsed());
        state.requests.answered(route, method, status, elapsed, cached);
        log::info!(target: ACCESS, request_id = id.as_str(), method, path, route, status,
            duration_seconds = elapsed.as_secs_f64(), cache = cached.map(Cached::name); "answered");
    }
}
