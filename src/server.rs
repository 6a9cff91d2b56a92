//! Owns the server: binds, serves, and stops in order when told to.
//! Must not know what is served, nor where the database came from.

mod admin;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{Extensions, HttpService};
use actix_server::Server as Running;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use tokio::io::AsyncWriteExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

use crate::app::{self, Shared};
use crate::http::wire::{self, Wire};
use crate::problem::{Kind, Problem};

pub use admin::Admin;

/// How long the end of a connection may take.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections waiting to be accepted.
const BACKLOG: u32 = 1024;

/// A server that is bound and not yet serving.
pub struct Server {
    listener: TcpListener,
    shared: Shared,
    admin: Option<Admin>,
    workers: Option<usize>,
    shutdown_wait: u64,
}

impl Server {
    /// Binds the address.
    ///
    /// # Errors
    /// The system's, such as an address in use.
    pub fn bind(address: SocketAddr, shared: Shared, workers: Option<usize>, shutdown_wait: u64) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address)?, shared, admin: None, workers, shutdown_wait })
    }

    /// The same, which tells the operator how it is doing while it runs.
    pub fn watched_on(self, admin: Option<Admin>) -> Self {
        Self { admin, ..self }
    }

    /// The address that it is bound to.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until SIGTERM or Ctrl-C; then requests in flight are finished, within their time, and the operator is told
    /// to the end. `ready` is called once requests are answered and signals heeded.
    ///
    /// # Errors
    /// The system's.
    pub async fn run(mut self, ready: impl FnOnce()) -> io::Result<()> {
        let stopping = self.shared.stopping.clone();
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        match rlimit::increase_nofile_limit(u64::MAX) {
            Ok(files) if files < self.shared.bounds.connections as u64 => {
                log::warn!("the system admits {files} open files, and {} connections are", self.shared.bounds.connections);
            }
            Ok(_) => {}
            Err(error) => log::warn!("the number of open files cannot be raised: {error}"),
        }
        let admin = self.admin.take().map(|admin| admin.serve(&self.shared)).transpose()?;
        let watched = admin.as_ref().map(Running::handle);
        admin.map(actix_web::rt::spawn);
        self.shared.timeline.heard().await;
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
        let outcome = server.await;
        if let Some(watched) = watched {
            watched.stop(false).await;
        }
        outcome
    }

    /// Starts serving, without waiting for signals.
    ///
    /// # Errors
    /// The system's.
    pub fn start(self) -> io::Result<Running> {
        let shared = self.shared;
        let (patience, connections) = (shared.bounds.patience, Arc::new(Semaphore::new(shared.bounds.connections)));
        let factory = move || {
            let stopping = shared.stopping.clone();
            let application = app::build(&shared).into_factory().map_err(|error: actix_web::Error| error.error_response());
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let mut stopping = stopping.subscribe();
                    async move { _ = stopping.wait_for(|stopping| *stopping).await }
                })
                .keep_alive(patience.idle)
                .client_request_timeout(Duration::ZERO)
                .client_disconnect_timeout(DISCONNECT_TIMEOUT)
                .on_connect_ext(|wire: &Wire, data: &mut Extensions| _ = data.insert(wire.turn()))
                .h1(map_config(application, |()| AppConfig::default()));
            let connections = Arc::clone(&connections);
            fn_service(move |stream: TcpStream| {
                let counted = Arc::clone(&connections).try_acquire_owned();
                async move {
                    let peer = stream.peer_addr().ok();
                    match counted {
                        Ok(counted) => Ok((Wire::new(stream, patience, counted), peer)),
                        Err(_) => Err(turn_away(stream).await),
                    }
                }
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

/// Tells a client that there are too many, if it takes that in at once.
async fn turn_away(mut stream: TcpStream) -> DispatchError {
    let problem = Problem::new(Kind::Overloaded, "The service has as many connections as it may.");
    let answer = wire::last_answer(&problem, false).unwrap_or_default();
    let told = async {
        stream.write_all(&answer).await?;
        stream.shutdown().await?;
        // What the client has asked must be read before the end, or the end would overtake the answer.
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    _ = tokio::time::timeout(DISCONNECT_TIMEOUT, told).await;
    DispatchError::DisconnectTimeout
}
