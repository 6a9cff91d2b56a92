//! Owns the order of the stages around every request. They are plain functions in one actix middleware: each middleware of
//! its own would allocate a future for every request, and a cached answer takes microseconds.
//! Must not know what a stage does.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::{ErrorInternalServerError, InternalError};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};

use super::cached::{self, CachedAnswer};
use super::client_rate_limit::ClientCharge;
use super::connection_tracking::{self, TrackedConnection};
use super::rate_limit::Decision;
use super::request_id::RequestId;
use super::request_log::RequestLog;
use super::{catch_panic, errors, load_shedding, request_limits, security_headers};
use crate::http::deprecation::{self, Deprecation};
use crate::http::reads::ReadingClient;
use crate::http::request::public_address::PublicAddress;
use crate::http::state::State;
use crate::metrics::{Cached, REFUSED, UNMATCHED};
use crate::problem::Problem;

/// The actix middleware.
///
/// # Errors
/// Returns an error that carries the complete response, if the handler returns an error.
pub async fn pipeline(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(state) = request.app_data::<web::Data<State>>().cloned() else {
        return Err(ErrorInternalServerError("the application has no state"));
    };
    let connection = TrackedConnection::begin(&request);
    let stages = Stages {
        log: RequestLog::start(&request, &state),
        id: RequestId::of(request.headers()),
        charge: ClientCharge::new(&request, &state),
        deprecations: deprecation::of(request.request(), state.deprecations),
        state,
    };
    let answered = match stages.before_handler(&request) {
        Err(problem) => {
            let mut response = problem.into_response();
            stages.after_handler(&mut response, REFUSED, None, None);
            request.into_response(response)
        }
        Ok(Some(CachedAnswer { mut response, indexed, metric })) => {
            stages.after_handler(&mut response, &indexed.route, Some(metric), None);
            request.into_response(response)
        }
        Ok(None) => {
            request.extensions_mut().insert(stages.id.clone());
            let client = ReadingClient::of(request.request(), &stages.state.bounds);
            let (configured, proxies) = (stages.state.public_url.as_ref(), &stages.state.bounds.proxies);
            let address = PublicAddress::of(request.request(), configured, proxies);
            match client.handle(address.handle(catch_panic::call(request, next, &stages.id))).await {
                Ok(answered) => {
                    let (http, mut response) = answered.map_into_boxed_body().into_parts();
                    let further_limit = http.extensions().get::<Decision>().copied().or(client.left());
                    let route = http.match_pattern();
                    stages.after_handler(&mut response, route.as_deref().unwrap_or(UNMATCHED), None, further_limit);
                    ServiceResponse::new(http, response)
                }
                Err(error) => {
                    let mut response = error.as_response_error().error_response();
                    stages.after_handler(&mut response, UNMATCHED, None, None);
                    return Err(InternalError::from_response(error, connection.track_body(response)).into());
                }
            }
        }
    };
    let (http, mut response) = answered.into_parts();
    connection_tracking::end_with_connection(&mut response, http.version());
    Ok(ServiceResponse::new(http, connection.track_body(response)))
}

/// What the stages of one request share.
struct Stages {
    state: web::Data<State>,
    log: RequestLog,
    id: RequestId,
    charge: ClientCharge,
    deprecations: Vec<&'static Deprecation>,
}

impl Stages {
    /// The stages before the handler, in their order. The first that has an answer ends the request.
    fn before_handler(&self, request: &ServiceRequest) -> Result<Option<CachedAnswer>, Problem> {
        let (request, state) = (request.request(), &*self.state);
        self.charge.check()?;
        request_limits::check(request)?;
        deprecation::check(&self.deprecations, self.log.path())?;
        if let Some(answer) = cached::answer(request, state) {
            return Ok(Some(answer));
        }
        load_shedding::check(request, state)?;
        Ok(None)
    }

    /// The stages after the handler, in their order.
    fn after_handler(&self, response: &mut HttpResponse, route: &str, cached: Option<Cached>, further_limit: Option<Decision>) {
        errors::write_problem(response, self.log.path(), &self.id, &self.state.problem_base);
        deprecation::add_headers(&self.deprecations, self.log.path(), response.headers_mut());
        security_headers::add_security_headers(response, self.log.path());
        self.id.add_header(response.headers_mut());
        connection_tracking::close_when_stopping(response, &self.state);
        self.charge.finish(&self.state, response, further_limit);
        let cached = cached.or_else(|| response.extensions().get::<Cached>().copied());
        self.log.finish(&self.state, &self.id, route, response, cached);
    }
}
