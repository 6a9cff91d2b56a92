//! Owns the waits of the tests: every wait has a time limit, and a test that reaches it fails with the condition it waited for.
//! Must not know what a test checks.

use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a test waits for one event. Events take milliseconds; the limit allows for a busy machine.
pub const EVENT_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a test waits for work on a database, such as the publication of all bundled data.
const WORK_TIMEOUT: Duration = Duration::from_secs(300);

/// The pause between two checks of a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Waits until a condition holds. `what` completes the sentence "timed out after 60 s: …".
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + EVENT_TIMEOUT;
    while !holds() {
        assert!(Instant::now() < deadline, "timed out after {} s: {what}", EVENT_TIMEOUT.as_secs());
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Waits until a process has exited.
pub fn until_exit(what: &str, child: &mut Child) -> ExitStatus {
    let mut status = None;
    until(what, || {
        status = child.try_wait().expect("a child process can be waited for");
        status.is_some()
    });
    status.expect("the process has exited")
}

/// Sets a flag when it goes out of scope, also when the test panics: threads that run until the flag is set then end.
pub struct SetOnDrop<'a>(pub &'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs a future to its end on a runtime of its own. `what` says what the future does.
pub fn run<T>(what: &str, future: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime can be started");
    match runtime.block_on(async { tokio::time::timeout(WORK_TIMEOUT, future).await }) {
        Ok(output) => output,
        Err(_) => {
            runtime.shutdown_background();
            panic!("timed out after {} s: {what}", WORK_TIMEOUT.as_secs());
        }
    }
}
