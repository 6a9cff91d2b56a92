//! Owns the operator's address: a server of its own, on threads of its own, so that it answers however busy those are that
//! serve the public.
//! Must not know what it answers.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_server::Server as Running;
use actix_web::{App, HttpServer, web};
use tokio::sync::watch;

use crate::app::Shared;
use crate::http::handlers::admin::{self, Watched};

/// Connections at once: those of a few programs that watch.
const CONNECTIONS: usize = 64;

/// How long a client may take for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a client may send nothing between two requests: longer than programs that watch wait between two.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// How often it is looked whether the process before has left the address.
const RETRY: Duration = Duration::from_millis(500);

/// Binds the address; nothing when another process of this program is still on it, whom this one follows.
///
/// # Errors
/// The system's, such as an address in use by somebody else.
pub fn bind(address: SocketAddr, follows: bool) -> io::Result<Option<TcpListener>> {
    match TcpListener::bind(address) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if follows && error.kind() == io::ErrorKind::AddrInUse => Ok(None),
        Err(error) => Err(io::Error::new(error.kind(), format!("cannot serve on {address}: {error}"))),
    }
}

/// Serves until the end, from when the address is free on.
pub async fn attend(address: SocketAddr, bound: Option<TcpListener>, shared: Shared, mut end: watch::Receiver<bool>) {
    let free = async {
        let mut bound = bound;
        loop {
            match bound.take().map_or_else(|| TcpListener::bind(address), Ok) {
                Ok(listener) => return listener,
                Err(error) => log::debug!("the operator is not told on {address} yet: {error}"),
            }
            tokio::time::sleep(RETRY).await;
        }
    };
    let listener = tokio::select! {
        listener = free => listener,
        _ = end.wait_for(|end| *end) => return,
    };
    match start(listener, &shared) {
        Ok(server) => {
            let handle = server.handle();
            actix_web::rt::spawn(server);
            _ = end.wait_for(|end| *end).await;
            handle.stop(false).await;
        }
        Err(error) => log::error!("the operator cannot be told: {error}"),
    }
}

/// Starts serving, on threads of its own.
///
/// # Errors
/// The system's.
pub fn start(listener: TcpListener, shared: &Shared) -> io::Result<Running> {
    let watched = web::Data::new(Watched {
        metrics: shared.metrics.clone(),
        timeline: shared.timeline.clone(),
        replicas: shared.replicas.clone(),
        memory: shared.memory.clone(),
        exports: shared.exports.clone(),
        stopping: shared.stopping.clone(),
    });
    log::info!("the operator is told on http://{}/metrics", listener.local_addr()?);
    let server = HttpServer::new(move || App::new().app_data(watched.clone()).configure(admin::routes))
        .workers(1)
        .max_connections(CONNECTIONS)
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(IDLE_TIMEOUT)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}
