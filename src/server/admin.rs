//! Owns the operator's address: a server of its own, on threads of its own, so that it answers however busy those are that
//! serve the public.
//! Must not know what it answers.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_server::Server as Running;
use actix_web::{App, HttpServer, web};

use crate::app::Shared;
use crate::http::admin::{self, Watched};

/// Connections at once: those of a few programs that watch.
const CONNECTIONS: usize = 64;

/// How long a client may take for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a client may send nothing between two requests: longer than programs that watch wait between two.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// The operator's address, bound and not yet served.
pub struct Admin(TcpListener);

impl Admin {
    /// Binds the address.
    ///
    /// # Errors
    /// The system's, such as an address in use.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self(TcpListener::bind(address)?))
    }

    /// The address that it is bound to.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Serves, on threads of its own, until it is stopped.
    ///
    /// # Errors
    /// The system's.
    pub fn serve(self, shared: &Shared) -> io::Result<Running> {
        let watched = web::Data::new(Watched {
            metrics: shared.metrics.clone(),
            timeline: shared.timeline.clone(),
            memory: shared.memory.clone(),
            exports: shared.exports.clone(),
            stopping: shared.stopping.clone(),
        });
        let server = HttpServer::new(move || App::new().app_data(watched.clone()).configure(admin::routes))
            .workers(1)
            .max_connections(CONNECTIONS)
            .client_request_timeout(HEAD_TIMEOUT)
            .keep_alive(IDLE_TIMEOUT)
            .disable_signals()
            .listen(self.0)?;
        Ok(server.run())
    }
}
