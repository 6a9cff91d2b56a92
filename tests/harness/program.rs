//! Owns the program as an operator runs it: its process, its log, its signals, and the Postgres that it starts.
//! Must not know what a test checks.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::cleanup::acquire_permit;
use super::scratch::{at_exit, root_directory, scratch};
use super::wait::{EVENT_TIMEOUT, until_exit};

/// A running program and the lines of its log.
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    /// The lines that earlier calls have skipped.
    pub seen: Vec<String>,
}

/// The process ids of the programs that run.
static RUNNING: LazyLock<Mutex<BTreeSet<u32>>> = LazyLock::new(|| {
    at_exit(|| running(|running| running.iter().for_each(|pid| kill(*pid, Signal::KILL))));
    Mutex::default()
});

fn running<T>(work: impl FnOnce(&mut BTreeSet<u32>) -> T) -> T {
    work(&mut RUNNING.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Program {
    /// Starts the program on a free port, with the small bundles and two workers, unless the settings say otherwise.
    pub fn start(settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
        command.stdin(Stdio::null());
        Self::run(command, settings)
    }

    /// Starts the program with a command of the test.
    pub fn run(mut command: Command, settings: &[(&str, &str)]) -> Self {
        acquire_permit();
        command.current_dir(root_directory()).env_remove("DATABASE_URL").env_remove("RUST_LOG");
        command
            .env("REPERES_SHUTDOWN_GRACE_S", "0")
            .env("REPERES_ADDRESS", "127.0.0.1:0")
            .env("REPERES_BUNDLES", bundles())
            .env("REPERES_WORKERS", "2");
        command.envs(settings.iter().copied());
        Self::spawn(command)
    }

    /// Starts the program in a folder, with these settings as its only environment variables.
    pub fn start_in(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
        command.current_dir(folder).stdin(Stdio::null()).env_clear().envs(settings.iter().copied());
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        running(|running| running.insert(child.id()));
        let (sender, lines) = mpsc::channel();
        let log = BufReader::new(child.stderr.take().expect("the log is piped"));
        std::thread::spawn(move || log.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines, seen: Vec::new() }
    }

    /// Waits for a line of the log that contains a text, after the lines that were returned or skipped.
    pub fn line(&mut self, text: &str) -> String {
        let deadline = Instant::now() + EVENT_TIMEOUT;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => self.seen.push(line),
                Err(error) => panic!("no line of the log says `{text}` ({error}):\n{}", self.seen.join("\n")),
            }
        }
    }

    /// Waits for a line that contains a text, unless a skipped line contains it.
    pub fn once(&mut self, text: &str) {
        if !self.seen.iter().any(|line| line.contains(text)) {
            self.line(text);
        }
    }

    /// Waits until the program serves, and returns its address.
    pub fn address(&mut self) -> SocketAddr {
        let line = self.line("ready in");
        line.split("http://")
            .nth(1)
            .and_then(|rest| rest.split('/').next())
            .and_then(|address| address.parse().ok())
            .expect("the line has the address")
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        kill(self.child.id(), signal);
    }

    /// The process id of the program.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the program has exited.
    pub fn has_exited(&mut self) -> bool {
        self.child.try_wait().expect("the program can be waited for").is_some()
    }

    /// Waits until the program exits, and returns its exit code and its log.
    pub fn end(&mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + EVENT_TIMEOUT;
        loop {
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                running(|running| running.remove(&self.child.id()));
                std::thread::sleep(Duration::from_millis(100));
                self.seen.extend(self.lines.try_iter());
                return (status.code(), self.seen.join("\n"));
            }
            assert!(Instant::now() < deadline, "timed out: the program exits:\n{}", self.seen.join("\n"));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            running(|running| running.remove(&self.child.id()));
            return;
        }
        self.signal(Signal::TERM);
        let deadline = Instant::now() + EVENT_TIMEOUT;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            eprintln!("error: the program does not exit on SIGTERM and is killed:\n{}", self.seen.join("\n"));
            self.signal(Signal::KILL);
            until_exit("a killed program exits", &mut self.child);
        }
        running(|running| running.remove(&self.child.id()));
    }
}

/// The folder of the small bundles.
pub fn bundles() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bundles")
}

/// Sends a signal to a process that a test has started.
pub fn kill(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        _ = kill_process(pid, signal);
    }
}

/// The path of a data directory that does not exist yet. It is removed when the test ends.
pub fn data_dir() -> PathBuf {
    scratch("var")
}

/// A path as text.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("the path is text")
}

/// The process id of the Postgres on a data directory, if one runs.
pub fn postmaster(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("postgres/postmaster.pid")).ok()?.lines().next()?.parse().ok()
}
