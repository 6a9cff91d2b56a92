//! Owns the panics of handlers: a panic becomes a 500, and the worker goes on.
//! Must not know what a handler does.

use std::panic::AssertUnwindSafe;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use futures_util::FutureExt;

use super::request_id::RequestId;
use crate::problem::Problem;

/// Calls the handler of a request.
///
/// # Errors
/// Returns the error of the handler; 500 if it panics.
pub async fn call<B: MessageBody>(request: ServiceRequest, next: Next<B>, id: &RequestId) -> Result<ServiceResponse<B>, Error> {
    AssertUnwindSafe(next.call(request)).catch_unwind().await.unwrap_or_else(|_| {
        log::error!("request {} panicked", id.as_str());
        Err(Problem::internal().into())
    })
}
