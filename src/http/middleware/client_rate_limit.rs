//! Owns the rate limit of clients: a request is charged to its client, refused if nothing is left, and refunded if its
//! answer is 304. The response has the headers of the limit.
//! Must not know how a limiter counts.

use std::net::IpAddr;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;

use super::rate_limit::Decision;
use crate::http::request::paths;
use crate::http::state::State;
use crate::problem::{Kind, Problem};

/// The charge of one request; `None` if its client has no limit.
pub struct ClientCharge(Option<(IpAddr, Decision)>);

impl ClientCharge {
    /// Charges a request to its client. The probes of an orchestrator are free.
    pub fn new(request: &ServiceRequest, state: &State) -> Self {
        Self(if paths::HEALTH.contains(&request.path()) { None } else { state.rate_limiters.check(request) })
    }

    /// Refuses the request if its client has nothing left.
    ///
    /// # Errors
    /// Returns 429.
    pub fn check(&self) -> Result<(), Problem> {
        match &self.0 {
            Some((_, decision)) if decision.retry_after.is_some() => {
                Err(Problem::new(Kind::TooManyRequests, "Too many requests came from this address."))
            }
            _ => Ok(()),
        }
    }

    /// Refunds a 304, adds the headers, and counts a refusal. `further` is the decision that the handler made: on the
    /// API key, or on the time in the database.
    pub fn finish(&self, state: &State, response: &mut HttpResponse, further: Option<Decision>) {
        match &self.0 {
            Some((client, _)) if response.status() == StatusCode::NOT_MODIFIED => state.rate_limiters.refund(client),
            Some((_, decision)) => decision.write_headers(response.headers_mut()),
            None => {}
        }
        further.iter().for_each(|decision| decision.write_headers(response.headers_mut()));
        let decisions = self.0.iter().map(|(_, decision)| decision).chain(&further);
        decisions
            .filter(|decision| decision.retry_after.is_some())
            .for_each(|decision| state.requests.limited(decision.policy()));
    }
}
