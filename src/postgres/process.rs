//! Owns the running of a program of Postgres to its end, and the sending of signals.
//! Must not know which programs, nor why.

use std::io;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// The pause between two checks of a program.
const TICK: Duration = Duration::from_millis(10);

/// Signals a process, which may have exited.
pub fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        _ = kill_process(pid, signal);
    }
}

/// Runs a program to its end; kills it, and returns `None`, once it is `given_up`.
///
/// # Errors
/// Returns an error if it cannot be run.
pub fn run(mut command: Command, given_up: &dyn Fn() -> bool) -> io::Result<Option<Output>> {
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let pid = child.id();
    let waiting = thread::spawn(move || child.wait_with_output());
    let mut killed = false;
    while !waiting.is_finished() {
        if !killed && given_up() {
            killed = true;
            // Its children end at the end of their input.
            signal(pid, Signal::KILL);
        }
        thread::sleep(TICK);
    }
    let output = waiting.join().unwrap_or_else(|_| Err(io::Error::other("the thread that waits for it panicked")))?;
    Ok((!killed).then_some(output))
}
