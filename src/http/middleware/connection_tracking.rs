//! Owns what the connection of a client must know of its requests: when one is in progress, so that its time limits apply
//! to the right side, and when the server stops, so that the client reconnects to the next process.
//! Must not know time limits.

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::ServiceRequest;
use actix_web::http::{ConnectionType, Version};

use crate::http::connection::chunked_body;
use crate::http::connection::timeouts::RequestTracker;
use crate::http::state::State;

/// The connection of a request; `None` in a test without sockets.
pub struct TrackedConnection(Option<RequestTracker>);

impl TrackedConnection {
    /// Marks a request as in progress on its connection.
    pub fn begin(request: &ServiceRequest) -> Self {
        let tracker = request.conn_data::<RequestTracker>().cloned();
        tracker.iter().for_each(RequestTracker::start);
        Self(tracker)
    }

    /// Makes the end of the body the end of the request, and a long body come in chunks.
    pub fn track_body(self, response: HttpResponse) -> HttpResponse {
        match self.0 {
            Some(tracker) => response.map_body(|_, body| tracker.until_sent(chunked_body::chunked(body))),
            None => response,
        }
    }
}

/// Ends a body of unknown length with the connection, if the client knows no chunks (RFC 9112, section 6.1).
pub fn end_with_connection(response: &mut HttpResponse, version: Version) {
    if version < Version::HTTP_11 && response.body().size() == BodySize::Stream {
        response.head_mut().no_chunking(true);
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
}

/// Asks the client to close the connection while the server stops.
pub fn close_when_stopping(response: &mut HttpResponse, state: &State) {
    if state.is_stopping() {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
}
