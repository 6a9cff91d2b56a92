//! Owns the order of a shutdown.
//! Must not know what is served.

use std::sync::Arc;
use std::time::Duration;

use actix_server::ServerHandle;
use tokio::sync::{Semaphore, watch};

use super::control::Control;

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
    /// The signals, and the processes that share the socket.
    pub control: Control,
}

impl Shutdown {
    /// Waits for a signal and shuts the server down: after SIGTERM it answers for the grace period, or until another process
    /// on the same socket has taken over; a second signal ends that.
    pub async fn on(mut self) {
        let grace = if self.control.signals.next().await { self.timeouts.grace } else { Duration::ZERO };
        self.stopping.send_replace(true);
        let wait = self.timeouts.wait;
        log::info!("stopping: accepting requests for {} s, then waiting {wait} s for requests in flight", grace.as_secs());
        let mut successors = self.control.successors.subscribe();
        let (server, connections, all) = (&self.server, &self.connections, self.max_connections);
        let relieved = async {
            _ = successors.wait_for(|number| *number > 0).await;
            log::info!("stopping: another process accepts new connections");
            pause(server).await;
            while connections.available_permits() < all {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        tokio::select! {
            () = tokio::time::sleep(grace) => {}
            () = relieved => {}
            _ = self.control.signals.next() => {}
        }
        pause(&self.server).await;
        self.closing.send_replace(true);
        self.control.close();
        self.server.stop(true).await;
    }
}

/// Stops accepting connections. A worker that stops drops the connections that have not reached it, so they need time.
async fn pause(server: &ServerHandle) {
    server.pause().await;
    tokio::time::sleep(DISPATCH_TIME).await;
}
