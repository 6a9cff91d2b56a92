//! Owns the state of a start of a server or command: the step that it is in, and whether the operator has stopped it.
//! Must not know the steps.

use crate::http::StartProgress;
use crate::server::{Control, Stopped};

/// The start of a server or command.
pub struct Start {
    /// The step that it is at.
    pub progress: StartProgress,
    /// Whether the operator has stopped it.
    pub stopped: Stopped,
}

impl Start {
    /// The start of a server.
    pub fn of_server(control: &Control) -> Self {
        Self { progress: control.progress().clone(), stopped: control.stopped().clone() }
    }

    /// The start of a command: nobody asks for its step, and the system stops it.
    pub fn of_command() -> Self {
        Self { progress: StartProgress::default(), stopped: Stopped::never() }
    }

    /// Does some work, and drops it as soon as the operator stops the start.
    ///
    /// # Errors
    /// Returns the error of the work, or a message that it was stopped.
    pub async fn unless_stopped<T>(&self, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        tokio::select! {
            biased;
            () = self.stopped.wait() => Err(format!("stopped while {}", self.progress.step())),
            outcome = work => outcome,
        }
    }
}
