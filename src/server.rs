//! Owns the server: binds, serves, and stops in order when told to.
//! Must not know what is served, nor where the database came from.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{self, Shared};

/// How long a client may take to send the head of its first request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Connections waiting to be accepted.
const BACKLOG: i32 = 1024;

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

    /// Serves until SIGTERM or Ctrl-C; then requests in flight are finished, within their time.
    ///
    /// # Errors
    /// The system's.
    pub async fn run(self) -> io::Result<()> {
        let stopping = std::sync::Arc::clone(&self.shared.stopping);
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let server = self.start()?;
        let handle = server.handle();
        actix_web::rt::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => log::info!("SIGTERM: stopping"),
                _ = interrupt.recv() => log::info!("interrupted: stopping"),
            }
            stopping.store(true, Ordering::Relaxed);
            ServerHandle::stop(&handle, true).await;
        });
        server.await
    }

    /// Starts serving, without waiting for signals.
    ///
    /// # Errors
    /// The system's.
    pub fn start(self) -> io::Result<actix_web::dev::Server> {
        let shared = self.shared;
        let mut server = HttpServer::new(move || app::build(&shared))
            .disable_signals()
            .backlog(u32::try_from(BACKLOG).unwrap_or(u32::MAX))
            .client_request_timeout(HEAD_TIMEOUT)
            .keep_alive(KEEP_ALIVE)
            .shutdown_timeout(self.shutdown_wait);
        if let Some(workers) = self.workers {
            server = server.workers(workers);
        }
        Ok(server.listen(self.listener)?.run())
    }
}
