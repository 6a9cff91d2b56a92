//! Owns the priority of building a file: below everything that answers requests, on a thread of its own. Reading stops when the
//! thread does not take rows, so that the database works for it at the same pace.
//! Must not know what is built.

use std::io;
use std::thread;

use tokio::sync::oneshot;

/// Who waits for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// A client.
    AwaitedByClient,
    /// Nobody yet: the file is built ahead.
    Ahead,
}

impl Urgency {
    /// The nice value of the thread. While others want the processor, 10 has a tenth of what they have, 19 a seventieth.
    fn nice(self) -> i32 {
        match self {
            Self::AwaitedByClient => 10,
            Self::Ahead => 19,
        }
    }
}

/// Runs a build on a thread of low priority, and waits for it.
///
/// # Errors
/// Returns the error of the build, or one if the system cannot start a thread or the build panics.
pub async fn run<T: Send + 'static>(urgency: Urgency, build: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let (sender, receiver) = oneshot::channel();
    thread::Builder::new().name("files".to_owned()).spawn(move || {
        lower(urgency);
        _ = sender.send(build());
    })?;
    receiver.await.map_err(|_| io::Error::other("the thread that builds a file has panicked"))?
}

/// Lowers the priority of this thread alone, as Linux can. Elsewhere the build has the priority of all.
fn lower(urgency: Urgency) {
    if cfg!(target_os = "linux")
        && let Err(error) = rustix::process::setpriority_process(None, urgency.nice())
    {
        log::debug!("cannot lower the priority of building files: {error}");
    }
}
