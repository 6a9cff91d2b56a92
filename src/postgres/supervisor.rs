//! Owns the running Postgres: one thread starts it, restarts it after a crash, and stops it.
//!
//! Postgres gets a parent-death signal, so that it stops when this process is killed. The kernel sends that signal when the
//! *thread* that spawned Postgres ends (prctl(2)), so this thread lives as long as the process. Must not know what is stored.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::cluster::{Cluster, Durability, Urls};
use super::process::signal;

/// The pause between two checks of the server.
const TICK: Duration = Duration::from_millis(20);

/// The longest start, recovery after a crash included.
const START: Duration = Duration::from_secs(60);

/// The longest fast shutdown before an immediate one.
const STOP: Duration = Duration::from_secs(20);

/// The first pause before a restart; it doubles up to [`PAUSE_LIMIT`].
const PAUSE: Duration = Duration::from_millis(100);

/// The longest pause.
const PAUSE_LIMIT: Duration = Duration::from_secs(5);

/// Extra connections for setup, publishing, an operator, and `superuser_reserved_connections`.
const SPARE: usize = 20;

/// What a start that was given up ends with.
const GIVEN_UP: &str = "stopped while the database started";

/// What Postgres logs when backends of an earlier server, whose postmaster was killed, still use the data.
const ORPHANED: &str = "pre-existing shared memory block";

/// A running private Postgres. Stops when dropped.
pub struct Server {
    urls: Urls,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts the server with room for so many connections, and waits until it accepts them or until `given_up`.
    ///
    /// # Errors
    /// Returns an error with the end of the server's log if it does not start, and a message if it was given up.
    pub fn start(cluster: Cluster, connections: usize, given_up: &dyn Fn() -> bool) -> Result<Self, String> {
        let urls = cluster.urls();
        let (stop, stopped) = mpsc::channel();
        let (started, outcome) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || supervise(&cluster, connections, &stopped, &started))
            .map_err(|error| format!("cannot start the supervisor thread of Postgres: {error}"))?;
        let server = Self { urls, stop: Some(stop), thread: Some(thread) };
        loop {
            match outcome.recv_timeout(TICK) {
                Ok(Ok(())) => return Ok(server),
                Ok(Err(why)) => return Err(why),
                Err(RecvTimeoutError::Timeout) if !given_up() => {}
                // The end of `server` stops Postgres.
                Err(RecvTimeoutError::Timeout) => return Err(GIVEN_UP.to_owned()),
                Err(RecvTimeoutError::Disconnected) => return Err("the supervisor thread of Postgres ended".to_owned()),
            }
        }
    }

    /// The URLs of the database.
    pub fn urls(&self) -> &Urls {
        &self.urls
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the supervisor thread of Postgres panicked");
        }
    }
}

fn supervise(cluster: &Cluster, connections: usize, stopped: &Receiver<()>, started: &Sender<Result<(), String>>) {
    let mut pause = PAUSE;
    let mut first = true;
    loop {
        let outcome = start(cluster, connections, stopped);
        let ready = outcome.as_ref().map(|_| ()).map_err(Clone::clone);
        if std::mem::take(&mut first) {
            let failed = ready.is_err();
            if started.send(ready).is_err() || failed {
                return;
            }
        }
        match outcome {
            Ok(mut child) => {
                let since = Instant::now();
                if watch(&mut child, stopped) {
                    return;
                }
                log::error!("the private Postgres exited unexpectedly; restarting it");
                pause = if since.elapsed() > PAUSE_LIMIT { PAUSE } else { pause };
            }
            Err(why) => log::error!("the private Postgres does not start: {why}"),
        }
        if !matches!(stopped.recv_timeout(pause), Err(RecvTimeoutError::Timeout)) {
            return;
        }
        pause = (pause * 2).min(PAUSE_LIMIT);
    }
}

/// Waits until the server exits by itself (`false`), or stops it on request (`true`).
fn watch(child: &mut Child, stopped: &Receiver<()>) -> bool {
    loop {
        if !matches!(child.try_wait(), Ok(None)) {
            return false;
        }
        if !matches!(stopped.recv_timeout(TICK), Err(RecvTimeoutError::Timeout)) {
            break;
        }
    }
    signal(child.id(), Signal::INT);
    let deadline = Instant::now() + STOP;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() > deadline {
            log::warn!("the private Postgres does not stop within {STOP:?}; forcing an immediate shutdown");
            signal(child.id(), Signal::QUIT);
            return child.wait().is_ok();
        }
        thread::sleep(TICK);
    }
    true
}

fn start(cluster: &Cluster, connections: usize, stopped: &Receiver<()>) -> Result<Child, String> {
    let deadline = Instant::now() + START;
    wait_for_predecessor(cluster, (deadline, stopped))?;
    let mut logged = false;
    loop {
        match launch(cluster, connections, (deadline, stopped)) {
            // Backends of a killed postmaster run until they next check for it.
            Err(why) if why.contains(ORPHANED) && Instant::now() < deadline && !is_given_up(stopped) => {
                if !std::mem::replace(&mut logged, true) {
                    log::info!("terminating backends of a Postgres that was killed");
                }
                terminate_orphans(cluster);
                thread::sleep(PAUSE);
            }
            outcome => return outcome,
        }
    }
}

fn launch(cluster: &Cluster, connections: usize, (deadline, stopped): (Instant, &Receiver<()>)) -> Result<Child, String> {
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&cluster.log)
        .map_err(|error| format!("{}: {error}", cluster.log.display()))?;
    let mut command = cluster.command("postgres");
    command.arg("-D").arg(&cluster.data).arg("-k").arg(&cluster.socket).arg("-p").arg(Cluster::port());
    command.args(["-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", "log_destination=stderr"]);
    command.args(["-c", "logging_collector=off", "-c", "max_wal_size=2GB"]);
    command.arg("-c").arg(format!("max_connections={}", connections + SPARE));
    match cluster.durability {
        Durability::Durable => command.args(["-c", "fsync=on", "-c", "synchronous_commit=on"]),
        Durability::Passing => command.args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]),
    };
    command.stdout(Stdio::null()).stderr(log).process_group(0);
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpid, getppid, set_parent_process_death_signal};
        let parent = Some(getpid());
        let follow_parent = move || {
            set_parent_process_death_signal(Some(Signal::INT))?;
            // The parent may have exited before the signal was set.
            if getppid() == parent { Ok(()) } else { Err(rustix::io::Errno::SRCH.into()) }
        };
        // SAFETY: between fork and exec the closure makes two system calls, prctl and getppid, and allocates nothing.
        #[expect(unsafe_code, reason = "CommandExt has no other way to set a parent-death signal")]
        unsafe {
            command.pre_exec(follow_parent);
        }
    }
    let mut child = command.spawn().map_err(|error| format!("cannot run postgres: {error}"))?;
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Err(format!("postgres exited with {status}; its log ends with:\n{}", tail(cluster)));
        }
        if is_ready(cluster, child.id()) {
            return Ok(child);
        }
        if is_given_up(stopped) {
            signal(child.id(), Signal::QUIT);
            _ = child.wait();
            return Err(GIVEN_UP.to_owned());
        }
        if Instant::now() > deadline {
            signal(child.id(), Signal::QUIT);
            _ = child.wait();
            return Err(format!("postgres was not ready within {START:?}; its log ends with:\n{}", tail(cluster)));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether the start is no longer wanted.
fn is_given_up(stopped: &Receiver<()>) -> bool {
    matches!(stopped.try_recv(), Err(TryRecvError::Disconnected))
}

/// Waits for a server that a killed process of this program left on the same data. Nobody owns it, since we hold the lock.
fn wait_for_predecessor(cluster: &Cluster, (deadline, stopped): (Instant, &Receiver<()>)) -> Result<(), String> {
    let mut logged = false;
    while let Some(pid) = lines(cluster).first().and_then(|line| line.parse::<u32>().ok()).filter(|pid| is_ours(cluster, *pid)) {
        if !std::mem::replace(&mut logged, true) {
            log::info!("waiting for the Postgres of an earlier run (process {pid}) to stop");
            signal(pid, Signal::INT);
        }
        if Instant::now() > deadline {
            return Err(format!("the Postgres of an earlier run (process {pid}) does not stop"));
        }
        if is_given_up(stopped) {
            return Err(GIVEN_UP.to_owned());
        }
        thread::sleep(TICK);
    }
    Ok(())
}

/// Terminates the backends of a killed postmaster in this cluster's data directory: Postgres does not start on it while they
/// run. Without `/proc` it waits for them.
fn terminate_orphans(cluster: &Cluster) {
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let in_data = fs::read_link(entry.path().join("cwd")).is_ok_and(|folder| folder == cluster.data);
        if in_data && fs::read(entry.path().join("cmdline")).is_ok_and(|line| line.starts_with(b"postgres:")) {
            signal(pid, Signal::QUIT);
        }
    }
}

/// Whether a process is the Postgres of this cluster: the system may have reused the number in a stale `postmaster.pid`.
/// Without `/proc` no process is signalled, and Postgres checks the file itself.
fn is_ours(cluster: &Cluster, pid: u32) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).any(|argument| argument == cluster.data.as_os_str().as_encoded_bytes())
}

/// Line 8 of `postmaster.pid` says `ready` once connections are accepted.
fn is_ready(cluster: &Cluster, pid: u32) -> bool {
    let lines = lines(cluster);
    lines.first().is_some_and(|line| line.trim() == pid.to_string()) && lines.get(7).is_some_and(|line| line.trim() == "ready")
}

fn lines(cluster: &Cluster) -> Vec<String> {
    fs::read_to_string(cluster.data.join("postmaster.pid"))
        .map(|text| text.lines().map(str::to_owned).collect())
        .unwrap_or_default()
}

fn tail(cluster: &Cluster) -> String {
    let text = fs::read(&cluster.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}
