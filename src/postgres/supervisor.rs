//! Owns the running server: one thread starts it, notices when it dies, starts it again, and stops it in the end.
//!
//! The thread lives as long as the process, because the kernel sends the parent-death signal, which takes Postgres
//! along when this process is killed, when the *thread* that spawned it ends. Must not know what is stored.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::cluster::{Cluster, Durability, Urls};

/// How often the server is looked at.
const TICK: Duration = Duration::from_millis(20);

/// How long a start may take; recovery after a crash is part of it.
const START: Duration = Duration::from_secs(60);

/// How long an orderly stop may take before a hard one.
const STOP: Duration = Duration::from_secs(20);

/// The first pause before a dead server is started again; it doubles up to [`PAUSE_LIMIT`].
const PAUSE: Duration = Duration::from_millis(100);

/// The longest pause.
const PAUSE_LIMIT: Duration = Duration::from_secs(5);

/// Connections beside those asked for: setting up, publishing, an operator's look, Postgres's own reserve.
const SPARE: usize = 20;

/// What Postgres says when processes of an earlier one, which lost their postmaster, still use the data.
const ORPHANED: &str = "pre-existing shared memory block";

/// A running private Postgres. Stops when dropped.
pub struct Server {
    urls: Urls,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts the server, for so many connections, and waits until it takes them.
    ///
    /// # Errors
    /// Why it did not start, with the end of its log.
    pub fn start(cluster: Cluster, connections: usize) -> Result<Self, String> {
        let urls = cluster.urls();
        let (stop, stopped) = mpsc::channel();
        let (started, outcome) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || supervise(&cluster, connections, &stopped, &started))
            .map_err(|error| format!("no thread for Postgres: {error}"))?;
        let server = Self { urls, stop: Some(stop), thread: Some(thread) };
        match outcome.recv() {
            Ok(Ok(())) => Ok(server),
            Ok(Err(why)) => Err(why),
            Err(_) => Err("the thread of Postgres ended".to_owned()),
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
            log::error!("the thread of Postgres panicked");
        }
    }
}

fn supervise(cluster: &Cluster, connections: usize, stopped: &Receiver<()>, started: &Sender<Result<(), String>>) {
    let mut pause = PAUSE;
    let mut first = true;
    loop {
        let outcome = start(cluster, connections);
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
                log::error!("the private Postgres has died; it is started again");
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

/// Waits until the server dies (false) or is to stop (true; then it has).
fn watch(child: &mut Child, stopped: &Receiver<()>) -> bool {
    loop {
        if !matches!(child.try_wait(), Ok(None)) {
            return false;
        }
        if !matches!(stopped.recv_timeout(TICK), Err(RecvTimeoutError::Timeout)) {
            break;
        }
    }
    signal(child.id(), libc::SIGINT);
    let deadline = Instant::now() + STOP;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() > deadline {
            log::warn!("the private Postgres does not stop in time; it recovers at its next start");
            signal(child.id(), libc::SIGQUIT);
            return child.wait().is_ok();
        }
        thread::sleep(TICK);
    }
    true
}

fn start(cluster: &Cluster, connections: usize) -> Result<Child, String> {
    let deadline = Instant::now() + START;
    wait_for_predecessor(cluster, deadline)?;
    let mut told = false;
    loop {
        match launch(cluster, connections, deadline) {
            // The processes of a Postgres that was killed go on until they look up from their work.
            Err(why) if why.contains(ORPHANED) && Instant::now() < deadline => {
                if !std::mem::replace(&mut told, true) {
                    log::info!("ending what is left of a Postgres that was killed");
                }
                end_orphans(cluster);
                thread::sleep(PAUSE);
            }
            outcome => return outcome,
        }
    }
}

fn launch(cluster: &Cluster, connections: usize, deadline: Instant) -> Result<Child, String> {
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
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
        let parent = std::process::id();
        // SAFETY: between fork and exec only async-signal-safe calls are made: prctl and getppid.
        unsafe {
            command.pre_exec(move || {
                if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGINT) != 0 {
                    return Err(std::io::Error::last_os_error());
                }
                match libc::getppid().cast_unsigned() == parent {
                    true => Ok(()),
                    false => Err(std::io::Error::from_raw_os_error(libc::ESRCH)),
                }
            });
        }
    }
    let mut child = command.spawn().map_err(|error| format!("postgres cannot be run: {error}"))?;
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Err(format!("postgres ended with {status}; its log ends with:\n{}", tail(cluster)));
        }
        if is_ready(cluster, child.id()) {
            return Ok(child);
        }
        if Instant::now() > deadline {
            signal(child.id(), libc::SIGQUIT);
            _ = child.wait();
            return Err(format!("postgres was not ready within {START:?}; its log ends with:\n{}", tail(cluster)));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for a server that a killed process of ours has left on the same data; we hold the lock, so it has no owner.
fn wait_for_predecessor(cluster: &Cluster, deadline: Instant) -> Result<(), String> {
    let mut told = false;
    while let Some(pid) = lines(cluster).first().and_then(|line| line.parse::<u32>().ok()).filter(|pid| is_ours(cluster, *pid)) {
        if !std::mem::replace(&mut told, true) {
            log::info!("waiting for the Postgres of an earlier run (process {pid}) to stop");
            signal(pid, libc::SIGINT);
        }
        if Instant::now() > deadline {
            return Err(format!("the Postgres of an earlier run (process {pid}) does not stop"));
        }
        thread::sleep(TICK);
    }
    Ok(())
}

/// Ends the processes that a killed Postgres has left working in this cluster's data: they have no postmaster, nobody
/// hears them, and nothing starts on the data before they are gone. Where there is no `/proc` they are waited for.
fn end_orphans(cluster: &Cluster) {
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let works_here = fs::read_link(entry.path().join("cwd")).is_ok_and(|folder| folder == cluster.data);
        if works_here && fs::read(entry.path().join("cmdline")).is_ok_and(|line| line.starts_with(b"postgres:")) {
            signal(pid, libc::SIGQUIT);
        }
    }
}

/// Whether a process is the Postgres of this very cluster: a number in an old file may be another process's by now.
/// Where there is no `/proc` nobody is signalled, and Postgres sees to its old file itself.
fn is_ours(cluster: &Cluster, pid: u32) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).any(|argument| argument == cluster.data.as_os_str().as_encoded_bytes())
}

/// Line 8 of `postmaster.pid` says `ready` once connections are taken.
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

fn signal(pid: u32, signal: i32) -> bool {
    // SAFETY: kill has no memory preconditions; the process is our child or was found by its pid file.
    i32::try_from(pid).is_ok_and(|pid| unsafe { libc::kill(pid, signal) } == 0)
}
