//! Owns a primary and its streaming standby, both real: made, stopped, killed and frozen by a test.
//! Must not know what is stored.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use reperes::postgres::{Cluster, Durability};
use tokio_postgres::error::SqlState;

use super::cluster::{binaries, root_directory};
use super::server::{set_up, with_database};

/// How long a Postgres may take to start before the test fails rather than hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Postgres of a test's own. Nothing starts it again.
pub struct Postgres {
    child: Child,
    /// The URL of its database for the owner.
    pub owner: String,
    /// The same for the role that serves.
    pub service: String,
    home: PathBuf,
}

/// A primary and a standby that follows it.
pub struct Pair {
    /// Where is written.
    pub primary: Postgres,
    /// Where is only read.
    pub standby: Postgres,
}

impl Pair {
    /// Makes both, with the tables and nothing published.
    pub fn start() -> Self {
        let home = home();
        let bin_dir = std::env::var_os("POSTGRES_BIN_DIR").map(PathBuf::from);
        drop(Cluster::open(&home, true, bin_dir.as_deref(), Durability::Passing).expect("a cluster can be made"));
        let primary = Postgres::start(home);
        set_up(&primary.owner);
        let copied = home_of(&primary.home);
        let target = copied.join("postgres");
        let mut copy = command("pg_basebackup", &primary.home);
        copy.arg("-D").arg(&target).arg("-h").arg(primary.home.join("run"));
        copy.args(["-U", "reperes", "-R", "-X", "stream", "-c", "fast", "--no-sync"]);
        let output = copy.output().expect("a copy can be made");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { primary, standby: Postgres::start(copied) }
    }
}

impl Postgres {
    fn start(home: PathBuf) -> Self {
        let log = fs::OpenOptions::new().create(true).append(true).open(home.join("log")).expect("a log can be written");
        let mut postgres = command("postgres", &home);
        postgres.arg("-D").arg(home.join("postgres")).arg("-k").arg(home.join("run"));
        postgres.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "wal_retrieve_retry_interval=100ms"]);
        // What stands in the way of replay is cancelled at once, so that tests meet it.
        postgres.args(["-c", "max_standby_streaming_delay=0"]);
        postgres.stdout(Stdio::null()).stderr(log).process_group(0);
        let child = postgres.spawn().expect("Postgres starts");
        let host = home.join("run").to_str().expect("the path is text").replace('/', "%2F");
        let url = |role: &str| format!("postgres://{role}@{host}:5432/postgres");
        let started = Self { child, owner: url("reperes"), service: url("reperes_service"), home };
        let deadline = Instant::now() + PATIENCE;
        while !started.is_ready() {
            assert!(Instant::now() < deadline, "{}", fs::read_to_string(started.home.join("log")).unwrap_or_default());
            std::thread::sleep(Duration::from_millis(20));
        }
        started
    }

    /// Line 8 of `postmaster.pid` says `ready`, on a standby `standby`, once connections are taken.
    fn is_ready(&self) -> bool {
        let text = fs::read_to_string(self.home.join("postgres/postmaster.pid")).unwrap_or_default();
        text.lines().nth(7).is_some_and(|line| ["ready", "standby"].contains(&line.trim()))
    }

    /// Takes it away with all its processes, at once.
    pub fn kill(&mut self) {
        self.signal(libc::SIGKILL);
        self.child.wait().expect("it is dead");
    }

    /// Makes all its processes stand still: connections stay, and nothing answers.
    pub fn freeze(&self) {
        self.signal(libc::SIGSTOP);
    }

    /// Lets them go on.
    pub fn thaw(&self) {
        self.signal(libc::SIGCONT);
    }

    /// Keeps a standby from replaying what it receives, or lets it.
    pub fn pause(&self, paused: bool) {
        self.told(&format!("SELECT 1 FROM {}()", if paused { "pg_wal_replay_pause" } else { "pg_wal_replay_resume" }));
    }

    /// The number that a standby answers a question with. What is replayed may cancel the question, even that which lets
    /// replay go on; then it is asked again.
    pub fn told(&self, question: &str) -> i64 {
        with_database(&self.owner, async |client| {
            loop {
                match client.query_one(&format!("SELECT ({question})::bigint"), &[]).await {
                    Ok(row) => return row.get(0),
                    Err(error) if error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE) => {}
                    Err(error) => panic!("{question}: {error:?}"),
                }
            }
        })
    }

    /// The processes of Postgres: the first and those that it has made, each of which leads a group of its own.
    fn signal(&self, signal: i32) {
        let first = self.child.id();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)).and_then(|id| id.parse().ok());
            if id == first || parent == Some(first) {
                // SAFETY: kill has no memory preconditions; the processes are the test's own.
                unsafe { libc::kill(i32::try_from(id).expect("a process number"), signal) };
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

fn home() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    root_directory().join(format!("pair-{}", NUMBER.fetch_add(1, Ordering::Relaxed)))
}

/// A directory like that of another Postgres, for the same account.
fn home_of(other: &Path) -> PathBuf {
    let (home, owner) = (home(), fs::metadata(other.join("postgres")).expect("it is there"));
    for folder in [home.clone(), home.join("run")] {
        fs::create_dir_all(&folder).expect("a directory can be made");
        chown(&folder, Some(owner.uid()), Some(owner.gid())).expect("it can be given away");
    }
    home
}

/// A command of Postgres's, as the account that owns the data: it refuses root.
fn command(program: &str, home: &Path) -> Command {
    let owner = fs::metadata(home.join("postgres")).or_else(|_| fs::metadata(home)).expect("it is there");
    let mut command = Command::new(binaries().join(program));
    command.env_clear().env("LC_ALL", "C").stdin(Stdio::null()).current_dir("/");
    // SAFETY: geteuid has no preconditions and cannot fail.
    if unsafe { libc::geteuid() } == 0 {
        command.uid(owner.uid()).gid(owner.gid());
    }
    #[cfg(target_os = "linux")]
    // SAFETY: between fork and exec only prctl is called, which is async-signal-safe.
    unsafe {
        command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGINT) {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        });
    }
    command
}
