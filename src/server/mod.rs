//! Owns the server: serves on a socket, and shuts down in three steps. First it reports that it is not ready and still
//! answers, then it accepts no more connections, then it closes those that are open.
//! Must not know what is served, nor where the database comes from.

pub mod admin;
mod admission;
mod control;
#[cfg_attr(not(target_os = "linux"), path = "no_handover.rs")]
mod handover;
mod open_connections;
mod shutdown;
mod signals;
mod socket;
mod starting;

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
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{Semaphore, watch};

use crate::app::{self, Shared};
use crate::http::connection::stream::ClientStream;
use crate::server::admission::Admission;
use crate::server::shutdown::Shutdown;
pub use control::{Control, Stopped};
pub use shutdown::ShutdownTimeouts;
pub use socket::Socket;

/// The longest time to close a connection.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The most connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// A server that is bound and does not serve yet.
pub struct Server {
    socket: Socket,
    shared: Shared,
    admin: Option<SocketAddr>,
    workers: Option<usize>,
    shutdown_timeouts: ShutdownTimeouts,
    connections: Arc<Semaphore>,
    /// Whether connections close after the current request.
    closing: watch::Sender<bool>,
}

impl Server {
    /// A server on a socket.
    pub fn new(socket: Socket, shared: Shared, workers: Option<usize>, shutdown_timeouts: ShutdownTimeouts) -> Self {
        let connections = Arc::new(Semaphore::new(shared.bounds.connections));
        let own = || socket.address().map_or_else(|_| String::new(), |address| format!("http://{address}"));
        let shared = Shared { problem_base: shared.public_url.clone().unwrap_or_else(own).into(), ..shared };
        Self { socket, shared, admin: None, workers, shutdown_timeouts, connections, closing: watch::Sender::new(false) }
    }

    /// Adds an admin address, which serves metrics and health checks while the server runs.
    pub fn watched_on(self, admin: Option<SocketAddr>) -> Self {
        Self { admin, ..self }
    }

    /// The address that the server is bound to.
    ///
    /// # Errors
    /// Returns an error if the system cannot name the address of the socket.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.address()
    }

    /// Runs [`Server::run`] on a runtime of its own, and returns when the server has ended.
    ///
    /// # Errors
    /// Returns the errors of [`Server::run`].
    pub fn run_blocking(self, control: Control, ready: impl FnOnce()) -> io::Result<()> {
        actix_web::rt::System::new().block_on(self.run(control, ready))
    }

    /// Serves until SIGTERM or Ctrl-C, then shuts down; the admin address answers to the end. Calls `ready` once requests are
    /// answered.
    ///
    /// # Errors
    /// Returns an error if the workers cannot be set up.
    pub async fn run(mut self, mut control: Control, ready: impl FnOnce()) -> io::Result<()> {
        raise_open_files_limit(self.shared.bounds.connections);
        let predecessor = self.socket.predecessor.take();
        let (ended, end) = watch::channel(false);
        self.shared.release_watcher.wait_until_current().await;
        control.begin_serving().await;
        let admin = self.admin.map(|address| {
            let started = control.admin.take().map(|listener| admin::start(listener, &self.shared));
            actix_web::rt::spawn(admin::serve(address, started, self.shared.clone(), end))
        });
        let (stopping, closing, timeouts) = (self.shared.stopping.clone(), self.closing.clone(), self.shutdown_timeouts);
        let (max_connections, connections) = (self.shared.bounds.connections, Arc::clone(&self.connections));
        let server = self.start()?;
        let shutdown = Shutdown { server: server.handle(), timeouts, stopping, closing, connections, max_connections, control };
        ready();
        if let Some(Err(error)) = predecessor.as_ref().map(handover::report_ready) {
            log::info!("handover: the previous process has already exited: {error}");
        }
        actix_web::rt::spawn(shutdown.on());
        let outcome = server.await;
        drop(predecessor);
        ended.send_replace(true);
        if let Some(admin) = admin {
            _ = admin.await;
        }
        outcome
    }

    /// Starts to serve, without signal handlers.
    ///
    /// # Errors
    /// Returns an error if the workers cannot be started.
    pub fn start(self) -> io::Result<Running> {
        let shared = self.shared;
        let (timeouts, closing) = (shared.bounds.timeouts, self.closing);
        let admission = Admission::new(&shared.bounds, self.connections, shared.metrics.connections());
        let factory = move || {
            let closing = closing.clone();
            let application = app::build(&shared).into_factory().map_err(|error: actix_web::Error| error.error_response());
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let mut closing = closing.subscribe();
                    async move { _ = closing.wait_for(|closing| *closing).await }
                })
                .keep_alive(timeouts.keep_alive)
                .client_request_timeout(Duration::ZERO)
                .client_disconnect_timeout(DISCONNECT_TIMEOUT)
                .on_connect_ext(|stream: &ClientStream, data: &mut Extensions| _ = data.insert(stream.tracker()))
                .h1(map_config(application, |()| AppConfig::default()));
            let (admission, base) = (admission.clone(), Arc::clone(&shared.problem_base));
            fn_service(move |stream: TcpStream| {
                let (admission, base) = (admission.clone(), Arc::clone(&base));
                async move {
                    // A connection without a peer has ended already.
                    let peer = stream.peer_addr().map_err(DispatchError::Io)?;
                    match admission.admit(peer).await {
                        Ok(place) => {
                            let idleness = place.idleness();
                            Ok((ClientStream::new(stream, timeouts, (Box::new(place), idleness), base), Some(peer)))
                        }
                        Err(why) => {
                            admission.refuse(stream, peer, why, &base).await;
                            Err(DispatchError::DisconnectTimeout)
                        }
                    }
                }
            })
            .and_then(http)
        };
        let mut server = Running::build().disable_signals().backlog(BACKLOG).shutdown_timeout(self.shutdown_timeouts.wait);
        if let Some(workers) = self.workers {
            server = server.workers(workers);
        }
        Ok(server.listen("reperes", self.socket.listener, factory)?.run())
    }
}

/// Raises the soft limit of open files to the hard limit, and warns if there may be more connections than that.
fn raise_open_files_limit(connections: usize) {
    let hard = getrlimit(Resource::Nofile).maximum;
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: hard, maximum: hard }) {
        log::warn!("setrlimit(RLIMIT_NOFILE) failed: {error}");
    }
    if let Some(limit) = getrlimit(Resource::Nofile).current.filter(|limit| *limit < connections as u64) {
        log::warn!("{connections} connections (REPERES_MAX_CONNECTIONS) exceed open file resource limit: {limit}");
    }
}
