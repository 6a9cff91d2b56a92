//! Owns the server: serves on a socket, and leaves in order when told to: first it says that it leaves and answers all the
//! same, then it takes no more connections, then it ends those that it has.
//! Must not know what is served, nor where the database came from.

pub mod admin;
#[cfg_attr(not(target_os = "linux"), path = "server/alone.rs")]
mod handover;
mod socket;

use std::io;
use std::net::SocketAddr;
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
use tokio::sync::{Semaphore, watch};

use crate::app::{self, Shared};
use crate::http::connection::stream::{self, Wire};
use crate::problem::{Kind, Problem};
pub use crate::server::socket::Socket;

/// How long the end of a connection may take.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections waiting to be accepted.
const BACKLOG: u32 = 1024;

/// How long connections that were taken need to come to their workers, once no more are taken.
const SETTLING: Duration = Duration::from_millis(250);

/// How often it is looked whether the last connection has ended.
const LOOK: Duration = Duration::from_millis(50);

/// How a server ends.
#[derive(Clone, Copy, Debug)]
pub struct Leave {
    /// How long requests are still answered after SIGTERM, so that whoever looks at the service's health sends them elsewhere
    /// in time.
    pub grace: Duration,
    /// How long requests in flight have after that, in seconds.
    pub wait: u64,
}

/// A server that is bound and not yet serving.
pub struct Server {
    socket: Socket,
    shared: Shared,
    admin: Option<SocketAddr>,
    workers: Option<usize>,
    leave: Leave,
    connections: Arc<Semaphore>,
    /// Whether connections end with the request that they are at.
    closing: watch::Sender<bool>,
}

impl Server {
    /// A server on a socket.
    pub fn new(socket: Socket, shared: Shared, workers: Option<usize>, leave: Leave) -> Self {
        let connections = Arc::new(Semaphore::new(shared.bounds.connections));
        Self { socket, shared, admin: None, workers, leave, connections, closing: watch::Sender::new(false) }
    }

    /// The same, which tells the operator how it is doing, while it runs, on an address if there is one.
    pub fn watched_on(self, admin: Option<SocketAddr>) -> Self {
        Self { admin, ..self }
    }

    /// The address that it is bound to.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.address()
    }

    /// Serves until SIGTERM or Ctrl-C, then leaves in order; the operator is told to the end. `ready` is called once requests
    /// are answered and signals heeded.
    ///
    /// # Errors
    /// The system's.
    pub async fn run(mut self, ready: impl FnOnce()) -> io::Result<()> {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        match rlimit::increase_nofile_limit(u64::MAX) {
            Ok(files) if files < self.shared.bounds.connections as u64 => {
                log::warn!("the system admits {files} open files, and {} connections are", self.shared.bounds.connections);
            }
            Ok(_) => {}
            Err(error) => log::warn!("the number of open files cannot be raised: {error}"),
        }
        let beside = watch::Sender::new(0);
        let before = self.socket.before.take();
        let (left, end) = watch::channel(false);
        let admin = match self.admin {
            Some(address) => {
                let bound = admin::bind(address, before.is_some())?;
                Some(actix_web::rt::spawn(admin::attend(address, bound, self.shared.clone(), end)))
            }
            None => None,
        };
        self.shared.timeline.heard().await;
        let (door, listener) = (self.socket.door.take(), self.socket.listener.try_clone()?);
        let attending = door.map(|door| actix_web::rt::spawn(handover::attend(door, listener, beside.clone())));
        let (stopping, closing, leave) = (self.shared.stopping.clone(), self.closing.clone(), self.leave);
        let (most, connections) = (self.shared.bounds.connections, Arc::clone(&self.connections));
        let server = self.start()?;
        let handle = server.handle();
        ready();
        if let Some(Err(error)) = before.as_ref().map(handover::tell) {
            log::info!("the process that shared its socket has ended before: {error}");
        }
        actix_web::rt::spawn(async move {
            let grace = tokio::select! {
                _ = terminate.recv() => leave.grace,
                _ = interrupt.recv() => Duration::ZERO,
            };
            stopping.send_replace(true);
            log::info!("stopping: requests are answered for {} s more, those in flight for {} s", grace.as_secs(), leave.wait);
            let mut beside = beside.subscribe();
            let relieved = async {
                _ = beside.wait_for(|number| *number > 0).await;
                log::info!("stopping: new connections are left to the other process");
                handle.pause().await;
                tokio::time::sleep(SETTLING).await;
                while connections.available_permits() < most {
                    tokio::time::sleep(LOOK).await;
                }
            };
            tokio::select! {
                () = tokio::time::sleep(grace) => {}
                () = relieved => {}
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            // A worker that is told to stop drops what it has not looked at.
            handle.pause().await;
            tokio::time::sleep(SETTLING).await;
            closing.send_replace(true);
            attending.iter().for_each(actix_web::rt::task::JoinHandle::abort);
            handle.stop(true).await;
        });
        let outcome = server.await;
        drop(before);
        left.send_replace(true);
        if let Some(admin) = admin {
            _ = admin.await;
        }
        outcome
    }

    /// Starts serving, without waiting for signals.
    ///
    /// # Errors
    /// The system's.
    pub fn start(self) -> io::Result<Running> {
        let shared = self.shared;
        let (patience, connections, closing) = (shared.bounds.patience, self.connections, self.closing);
        let factory = move || {
            let closing = closing.clone();
            let application = app::build(&shared).into_factory().map_err(|error: actix_web::Error| error.error_response());
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let mut closing = closing.subscribe();
                    async move { _ = closing.wait_for(|closing| *closing).await }
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
        let mut server = Running::build().disable_signals().backlog(BACKLOG).shutdown_timeout(self.leave.wait);
        if let Some(workers) = self.workers {
            server = server.workers(workers);
        }
        Ok(server.listen("reperes", self.socket.listener, factory)?.run())
    }
}

/// Tells a client that there are too many, if it takes that in at once.
async fn turn_away(mut stream: TcpStream) -> DispatchError {
    let problem = Problem::new(Kind::Overloaded, "The service has as many connections as it may.");
    let answer = stream::last_answer(&problem, false).unwrap_or_default();
    let told = async {
        stream.write_all(&answer).await?;
        stream.shutdown().await?;
        // What the client has asked must be read before the end, or the end would overtake the answer.
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    _ = tokio::time::timeout(DISCONNECT_TIMEOUT, told).await;
    DispatchError::DisconnectTimeout
}
