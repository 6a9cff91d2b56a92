//! Owns the admin address: a server with threads of its own, so that it answers while all public workers are busy.
//! Must not know what it answers.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_server::Server as Running;
use actix_web::{App, HttpServer, web};
use tokio::sync::watch;

use crate::app::Shared;
use crate::http::handlers::admin::{self, AdminState};

/// The most connections at once: monitoring needs a few.
const CONNECTIONS: usize = 64;

/// The time limit of a request head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest pause between two requests: Prometheus waits 60 s by default.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// The pause between two attempts to bind the address of the previous process.
const RETRY: Duration = Duration::from_millis(500);

/// Binds the address; returns `None` if it is in use and `handover` says that the previous process still has it.
///
/// # Errors
/// Returns an error if the address is in use by another program, or not one of this machine.
pub fn bind(address: SocketAddr, handover: bool) -> io::Result<Option<TcpListener>> {
    match TcpListener::bind(address) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if handover && error.kind() == io::ErrorKind::AddrInUse => Ok(None),
        Err(error) => Err(io::Error::new(error.kind(), format!("cannot bind admin address {address}: {error}"))),
    }
}

/// Serves until `end`: by what has started already, else on the address once it is free.
pub async fn serve(address: SocketAddr, started: Option<io::Result<Running>>, shared: Shared, mut end: watch::Receiver<bool>) {
    let free = async {
        loop {
            match TcpListener::bind(address) {
                Ok(listener) => return listener,
                Err(error) => log::debug!("admin address {address} is still in use: {error}"),
            }
            tokio::time::sleep(RETRY).await;
        }
    };
    let started = match started {
        Some(started) => started,
        None => tokio::select! {
            listener = free => start(listener, &shared),
            _ = end.wait_for(|end| *end) => return,
        },
    };
    match started {
        Ok(server) => {
            let handle = server.handle();
            actix_web::rt::spawn(server);
            _ = end.wait_for(|end| *end).await;
            handle.stop(false).await;
        }
        Err(error) => log::error!("cannot start the admin server on {address}: {error}"),
    }
}

/// Starts to serve, on a thread of its own.
///
/// # Errors
/// Returns an error if the thread cannot be started.
pub fn start(listener: TcpListener, shared: &Shared) -> io::Result<Running> {
    let state = web::Data::new(AdminState {
        metrics: shared.metrics.clone(),
        release_watcher: shared.release_watcher.clone(),
        replicas: shared.replicas.clone(),
        response_cache: shared.response_cache.clone(),
        export_places: shared.export_places.clone(),
        heavy_reads: shared.heavy.clone(),
        stopping: shared.stopping.clone(),
        problem_base: Arc::clone(&shared.problem_base),
    });
    log::info!("serving metrics on http://{}/metrics", listener.local_addr()?);
    let server = HttpServer::new(move || App::new().app_data(state.clone()).configure(admin::routes))
        .workers(1)
        .max_connections(CONNECTIONS)
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(IDLE_TIMEOUT)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}
