//! Owns the program as an operator runs it: a process of its own, its log, its signals, the Postgres that it starts.
//! Must not know what is tested.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::cluster::root_directory;

/// How long anything may take before a test fails rather than hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program and the lines of its log.
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    /// The lines that were passed over so far.
    pub seen: Vec<String>,
}

impl Program {
    /// Starts it on a free port, with the small bundles and two workers, unless these settings say otherwise.
    pub fn start(settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
        command.stdin(Stdio::null());
        Self::run(command, settings)
    }

    /// Starts it by a command of the test's own.
    pub fn run(mut command: Command, settings: &[(&str, &str)]) -> Self {
        command.current_dir(root_directory()).env_remove("DATABASE_URL").env_remove("RUST_LOG");
        command
            .env("REPERES_SHUTDOWN_GRACE_S", "0")
            .env("REPERES_ADDRESS", "127.0.0.1:0")
            .env("REPERES_BUNDLES", bundles())
            .env("REPERES_WORKERS", "2");
        command.envs(settings.iter().copied());
        Self::spawn(command)
    }

    /// Starts it in a folder, with no environment but these settings.
    pub fn start_in(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
        command.current_dir(folder).stdin(Stdio::null()).env_clear().envs(settings.iter().copied());
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let (sender, lines) = mpsc::channel();
        let log = BufReader::new(child.stderr.take().expect("the log is piped"));
        std::thread::spawn(move || log.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines, seen: Vec::new() }
    }

    /// Waits for a line that holds a text.
    pub fn line(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => self.seen.push(line),
                Err(_) => panic!("no line says `{text}`:\n{}", self.seen.join("\n")),
            }
        }
    }

    /// Waits for a line that holds a text, if none of those that were passed over does.
    pub fn once(&mut self, text: &str) {
        if !self.seen.iter().any(|line| line.contains(text)) {
            self.line(text);
        }
    }

    /// Waits until it serves, and says where.
    pub fn address(&mut self) -> SocketAddr {
        let line = self.line("ready in");
        line.split("http://")
            .nth(1)
            .and_then(|rest| rest.split('/').next())
            .and_then(|a| a.parse().ok())
            .expect("the line says where to look")
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: i32) {
        kill(self.child.id(), signal);
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The code it ends with, and the rest of its log.
    pub fn end(&mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                std::thread::sleep(Duration::from_millis(100));
                self.seen.extend(self.lines.try_iter());
                return (status.code(), self.seen.join("\n"));
            }
            assert!(Instant::now() < deadline, "the program does not end:\n{}", self.seen.join("\n"));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.signal(libc::SIGTERM);
        _ = self.child.wait();
    }
}

/// The small bundles.
pub fn bundles() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bundles")
}

/// Sends a signal to a process of a test's own.
pub fn kill(pid: u32, signal: i32) {
    // SAFETY: kill has no memory preconditions; the processes are the test's own.
    unsafe { libc::kill(i32::try_from(pid).expect("a process number"), signal) };
}

/// A data directory that is not there yet.
pub fn data_dir() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    root_directory().join(format!("var-{}", NUMBER.fetch_add(1, Ordering::Relaxed)))
}

/// A path as text.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("the path is text")
}

/// The process of the Postgres on a data directory, if it runs.
pub fn postmaster(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("postgres/postmaster.pid")).ok()?.lines().next()?.parse().ok()
}
