//! Owns the order of a shutdown, and the signals that start it and cut it short.
//! Must not know what is served.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_server::ServerHandle;
use actix_web::rt::task::JoinHandle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, watch};

/// The time in which accepted connections reach their workers, once the server accepts no more.
const DISPATCH_TIME: Duration = Duration::from_millis(250);

/// The pause between two looks at the number of open connections.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The time limits of a shutdown.
#[derive(Clone, Copy, Debug)]
pub struct ShutdownTimeouts {
    /// How long new requests are answered after SIGTERM, so that a load balancer that reads `/health/ready` sends them
    /// elsewhere in time.
    pub grace: Duration,
    /// How long requests in flight may take after that, in seconds.
    pub wait: u64,
}

/// The signals that end the server.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// Returns an error if a handler cannot be installed.
    pub fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next signal, and returns whether it was SIGTERM.
    async fn next(&mut self) -> bool {
        tokio::select! {
            _ = self.terminate.recv() => true,
            _ = self.interrupt.recv() => false,
        }
    }
}

/// What a shutdown acts on.
pub struct Shutdown {
    /// The server.
    pub server: ServerHandle,
    /// Its time limits.
    pub timeouts: ShutdownTimeouts,
    /// Whether new requests should go to another process.
    pub stopping: watch::Sender<bool>,
    /// Whether connections close after the current request.
    pub closing: watch::Sender<bool>,
    /// The connections that may still open.
    pub connections: Arc<Semaphore>,
    /// The most connections at once.
    pub max_connections: usize,
    /// The number of processes that accept connections on the same socket.
    pub successors: watch::Sender<usize>,
    /// The task that shares the socket.
    pub handover: Option<JoinHandle<io::Result<()>>>,
}

impl Shutdown {
    /// Waits for a signal and shuts the server down: after SIGTERM it answers for the grace period, or until another process
    /// on the same socket has taken over; a second signal ends that.
    pub async fn on(self, mut signals: Signals) {
        let grace = if signals.next().await { self.timeouts.grace } else { Duration::ZERO };
        self.stopping.send_replace(true);
        let wait = self.timeouts.wait;
        log::info!("stopping: accepting requests for {} s, then waiting {wait} s for requests in flight", grace.as_secs());
        let mut successors = self.successors.subscribe();
        let relieved = async {
            _ = successors.wait_for(|number| *number > 0).await;
            log::info!("stopping: another process accepts new connections");
            self.pause().await;
            while self.connections.available_permits() < self.max_connections {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        tokio::select! {
            () = tokio::time::sleep(grace) => {}
            () = relieved => {}
            _ = signals.next() => {}
        }
        self.pause().await;
        self.closing.send_replace(true);
        self.handover.iter().for_each(JoinHandle::abort);
        self.server.stop(true).await;
    }

    /// Stops accepting connections. A worker that stops drops the connections that have not reached it, so they need time.
    async fn pause(&self) {
        self.server.pause().await;
        tokio::time::sleep(DISPATCH_TIME).await;
    }
}
