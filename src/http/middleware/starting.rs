//! Owns what surrounds every request of a server that is not ready: the form of an error, the headers of every response, and
//! the end of the connection, so that the next request meets the server that is ready.
//! Must not know what is answered.

use std::sync::Arc;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::middleware::Next;

use super::connection_tracking::TrackedConnection;
use super::errors;
use super::request_id::RequestId;
use super::security_headers::add_security_headers;

/// What stands before the address of a type of problem, as data of the application.
#[derive(Clone)]
pub struct ProblemBase(pub Arc<str>);

/// The actix middleware.
///
/// # Errors
/// Returns the errors of actix-web itself.
pub async fn around(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let connection = TrackedConnection::begin(&request);
    let id = RequestId::of(request.headers());
    let path = request.path().to_owned();
    let base = request.app_data::<ProblemBase>().cloned();
    let (http, mut response) = next.call(request).await?.map_into_boxed_body().into_parts();
    errors::write_problem(&mut response, &path, &id, base.as_ref().map_or("", |base| &base.0));
    add_security_headers(&mut response, &path);
    id.add_header(response.headers_mut());
    response.head_mut().set_connection_type(ConnectionType::Close);
    Ok(ServiceResponse::new(http, connection.track_body(response)))
}
