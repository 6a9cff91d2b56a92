//! Owns the server: binds, serves, and stops in order when told to.
//! Must not know what is served, nor where the database came from.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_server::Server as Running;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{self, Shared};
use crate::http::wire::Wire;

/// How long a client may take to send the head of its first request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long the end of a connection may take.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections waiting to be accepted.
const BACKLOG: u32 = 1024;

/// A server that is bound and not yet serving.
pub struct Server {
    listener: TcpListener,
    shared: Shared,
    workers: Option<usize>,
    shutdown_wait: u64,
}

impl Server {
    /// Binds the address.
    ///
    /// # Errors
    /// The system's, such as an address in use.
    pub fn bind(address: SocketAddr, shared: Shared, workers: Option<usize>, shutdown_wait: u64) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address)?, shared, workers, shutdown_wait })
    }

    /// The address that it is bound to.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until SIGTERM or Ctrl-C; then requests in flight are finished, within their time. `ready` is called once
    /// requests are answered and signals heeded.
    ///
    /// # Errors
    /// The system's.
    pub async fn run(self, ready: impl FnOnce()) -> io::Result<()> {
        let stopping = self.shared.stopping.clone();
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let server = self.start()?;
        let handle = server.handle();
        ready();
        actix_web::rt::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => log::info!("SIGTERM: stopping"),
                _ = interrupt.recv() => log::info!("interrupted: stopping"),
            }
            stopping.send_replace(true);
            handle.stop(true).await;
        });
        server.await
    }

    /// Starts serving, without waiting for signals.
    ///
    /// # Errors
    /// The system's.
    pub fn start(self) -> io::Result<Running> {
        let shared = self.shared;
        let factory = move || {
            let stopping = shared.stopping.clone();
            let application = app::build(&shared).into_factory().map_err(|error: actix_web::Error| error.error_response());
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let mut stopping = stopping.subscribe();
                    async move { _ = stopping.wait_for(|stopping| *stopping).await }
                })
                .keep_alive(KEEP_ALIVE)
                .client_request_timeout(HEAD_TIMEOUT)
                .client_disconnect_timeout(DISCONNECT_TIMEOUT)
                .h1(map_config(application, |()| AppConfig::default()));
            fn_service(async |stream: TcpStream| {
                let peer = stream.peer_addr().ok();
                Ok::<_, DispatchError>((Wire::new(stream), peer))
            })
            .and_then(http)
        };
        let mut server = Running::build().disable_signals().backlog(BACKLOG).shutdown_timeout(self.shutdown_wait);
        if let Some(workers) = self.workers {
            server = server.workers(workers);
        }
        Ok(server.listen("reperes", self.listener, factory)?.run())
    }
}
