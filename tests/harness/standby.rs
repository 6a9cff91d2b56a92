//! Owns a primary and its streaming standby, both real Postgres servers, which a test starts, stops, kills and freezes.
//! Must not know what is stored.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use reperes::postgres::{Cluster, Durability};
use rustix::process::{Signal, geteuid, set_parent_process_death_signal};
use tokio_postgres::error::SqlState;

use super::cleanup::acquire_permit;
use super::cluster::binaries;
use super::program::kill;
use super::scratch::scratch;
use super::server::{set_up, with_database};
use super::wait::{EVENT_TIMEOUT, until, until_exit};

/// A Postgres of one test. It is not restarted when it exits.
pub struct Postgres {
    child: Child,
    /// The URL of its database for the owner.
    pub owner: String,
    /// The URL of its database for the role that serves.
    pub service: String,
    home: PathBuf,
}

/// A primary and a standby that follows it.
pub struct Pair {
    /// The server that accepts writes.
    pub primary: Postgres,
    /// The server that only accepts reads.
    pub standby: Postgres,
}

impl Pair {
    /// Starts both, with the tables and nothing published.
    pub fn start() -> Self {
        acquire_permit();
        let home = scratch("pair");
        let bin_dir = std::env::var_os("POSTGRES_BIN_DIR").map(PathBuf::from);
        drop(Cluster::open((&home, true), bin_dir.as_deref(), Durability::Passing, &|| false).expect("a cluster can be made"));
        let primary = Postgres::start(home);
        set_up(&primary.owner);
        let copied = home_of(&primary.home);
        let target = copied.join("postgres");
        let mut copy = command("pg_basebackup", &primary.home);
        copy.arg("-D").arg(&target).arg("-h").arg(primary.home.join("run"));
        copy.args(["-U", "reperes", "-R", "-X", "stream", "-c", "fast", "--no-sync"]);
        let log = primary.home.join("pg_basebackup.log");
        copy.stdout(Stdio::null()).stderr(fs::File::create(&log).expect("a log can be written"));
        let status = until_exit("pg_basebackup exits", &mut copy.spawn().expect("pg_basebackup starts"));
        assert!(status.success(), "{}", fs::read_to_string(log).unwrap_or_default());
        Self { primary, standby: Postgres::start(copied) }
    }
}

impl Postgres {
    fn start(home: PathBuf) -> Self {
        let log = fs::OpenOptions::new().create(true).append(true).open(home.join("log")).expect("a log can be written");
        let mut postgres = command("postgres", &home);
        postgres.arg("-D").arg(home.join("postgres")).arg("-k").arg(home.join("run"));
        postgres.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "wal_retrieve_retry_interval=100ms"]);
        // Shared memory in files of the data directory: tests kill Postgres, which then cannot remove segments in `/dev/shm`.
        postgres.args(["-c", "dynamic_shared_memory_type=mmap"]);
        // A statement that conflicts with replay is cancelled at once, so that tests meet this case.
        postgres.args(["-c", "max_standby_streaming_delay=0"]);
        postgres.stdout(Stdio::null()).stderr(log).process_group(0);
        let child = postgres.spawn().expect("Postgres starts");
        let host = home.join("run").to_str().expect("the path is text").replace('/', "%2F");
        let url = |role: &str| format!("postgres://{role}@{host}:5432/postgres");
        let started = Self { child, owner: url("reperes"), service: url("reperes_service"), home };
        until(&format!("Postgres starts (see {}/log)", started.home.display()), || started.is_ready());
        started
    }

    /// Whether it accepts connections: line 8 of `postmaster.pid` is then `ready`, on a standby `standby`.
    fn is_ready(&self) -> bool {
        let text = fs::read_to_string(self.home.join("postgres/postmaster.pid")).unwrap_or_default();
        text.lines().nth(7).is_some_and(|line| ["ready", "standby"].contains(&line.trim()))
    }

    /// Kills all its processes at once.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        until_exit("a killed Postgres exits", &mut self.child);
    }

    /// Suspends all its processes: connections stay open, and nothing answers.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Resumes its processes.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Pauses or resumes the replay on a standby.
    pub fn pause(&self, paused: bool) {
        self.number(&format!("SELECT 1 FROM {}()", if paused { "pg_wal_replay_pause" } else { "pg_wal_replay_resume" }));
    }

    /// The value of an SQL expression that is a number. Replay on a standby may cancel the statement, which is then repeated.
    pub fn number(&self, expression: &str) -> i64 {
        with_database(&self.owner, async |client| {
            let deadline = Instant::now() + EVENT_TIMEOUT;
            loop {
                match client.query_one(&format!("SELECT ({expression})::bigint"), &[]).await {
                    Ok(row) => return row.get(0),
                    Err(error) if error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE) && Instant::now() < deadline => {}
                    Err(error) => panic!("{expression}: {error:?}"),
                }
            }
        })
    }

    /// Sends a signal to the postmaster and to its children, each of which leads a process group of its own.
    fn signal(&self, signal: Signal) {
        let first = self.child.id();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)).and_then(|id| id.parse().ok());
            if id == first || parent == Some(first) {
                kill(id, signal);
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

/// Makes a directory for a second Postgres that the account of the first one owns.
fn home_of(other: &Path) -> PathBuf {
    let (home, owner) = (scratch("pair"), fs::metadata(other.join("postgres")).expect("the first one has its data"));
    for folder in [home.clone(), home.join("run")] {
        fs::create_dir_all(&folder).expect("a directory can be made");
        chown(&folder, Some(owner.uid()), Some(owner.gid())).expect("the owner can be changed");
    }
    home
}

/// A command of Postgres's programs, as the account that owns the data, since they refuse to run as root.
fn command(program: &str, home: &Path) -> Command {
    let owner = fs::metadata(home.join("postgres")).or_else(|_| fs::metadata(home)).expect("the directory exists");
    let mut command = Command::new(binaries().join(program));
    command.env_clear().env("LC_ALL", "C").stdin(Stdio::null()).current_dir("/");
    if geteuid().is_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    #[cfg(target_os = "linux")]
    // SAFETY: between fork and exec only prctl is called, which is async-signal-safe.
    unsafe {
        command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::INT))?));
    }
    command
}
