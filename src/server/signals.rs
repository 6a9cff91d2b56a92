//! Owns the signals that end a server: SIGTERM and SIGINT, as they come and as they wait to be acted on.
//! Must not know what a signal does.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;

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
    pub async fn next(&mut self) -> bool {
        tokio::select! {
            _ = self.terminate.recv() => true,
            _ = self.interrupt.recv() => false,
        }
    }
}

/// The signals that a process has received and not yet acted on: whether each was SIGTERM.
pub struct ReceivedSignals(pub UnboundedReceiver<bool>);

impl ReceivedSignals {
    /// Waits for the next one, and returns whether it was SIGTERM.
    pub async fn next(&mut self) -> bool {
        match self.0.recv().await {
            Some(terminate) => terminate,
            None => std::future::pending().await,
        }
    }
}
