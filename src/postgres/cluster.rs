//! Owns the cluster on disk: its directories and their owner, the lock against a second server, `initdb`.
//! Must not know how the server is kept running.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::account::Account;
use super::binaries::{self, Binaries};
use super::process::run;

/// The longest path of a Unix socket in bytes (`sun_path` of unix(7), without its final zero).
const SOCKET_PATH: usize = 107;

/// The role that owns the database.
const OWNER: &str = "reperes";

/// The role of the server, which may insert rows and change none.
const SERVICE: &str = "reperes_service";

/// The port, which appears in the name of the Unix socket only.
const PORT: u16 = 5432;

/// The prefix of the directory in which `initdb` creates a cluster, before it is renamed.
const ASIDE: &str = "postgres.new-";

/// What this program makes in a data directory.
const OWN_NAMES: [&str; 6] = ["files", "lock", "postgres", "postgres.log", "run", "uploads"];

/// The data directory for root, if the account of Postgres may not enter the directory that root uses.
const FALLBACK: &str = "/var/lib/reperes";

/// Whether commits survive a crash of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Every commit is flushed to disk.
    Durable,
    /// Commits are not flushed, as in tests.
    Passing,
}

/// A cluster that exists and is locked by this process; no server runs on it yet.
pub struct Cluster {
    pub(super) binaries: Binaries,
    pub(super) account: Option<Account>,
    pub(super) durability: Durability,
    /// The directory of the data.
    pub(super) data: PathBuf,
    /// The directory of the socket.
    pub(super) socket: PathBuf,
    /// The server's log.
    pub(super) log: PathBuf,
    _lock: File,
}

/// The connection URLs of a cluster.
#[derive(Clone, Debug)]
pub struct Urls {
    /// For the owner, who has all rights.
    pub owner: String,
    /// For the role of the server, which the owner must create.
    pub service: String,
}

impl Urls {
    fn of(socket: &Path) -> Self {
        let host =
            percent_encoding::utf8_percent_encode(&socket.to_string_lossy(), percent_encoding::NON_ALPHANUMERIC).to_string();
        let url = |role: &str| format!("postgres://{role}@{host}:{PORT}/postgres");
        Self { owner: url(OWNER), service: url(SERVICE) }
    }
}

impl Cluster {
    /// Opens the cluster below `directory`, and creates it if it does not exist. `moved` says whether the operator chose the
    /// directory, which then has no fallback. `initdb` is killed once the start is `given_up`.
    ///
    /// # Errors
    /// Returns a message for the operator if there are no binaries, no access, or another server on the same directory.
    pub fn open(
        (directory, moved): (&Path, bool),
        bin_dir: Option<&Path>,
        durability: Durability,
        given_up: &dyn Fn() -> bool,
    ) -> Result<Self, String> {
        let account = Account::choose()?;
        let wanted = std::path::absolute(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        let directory = reachable(wanted, moved, account)?;
        make_private(&directory, account).map_err(at(&directory))?;
        let lock = lock(&directory)?;
        let data = directory.join("postgres");
        let account = match account {
            Some(_) if data.exists() => Some(Account::owner(&data).map_err(at(&data))?),
            chosen => chosen,
        };
        let binaries = binaries::find(bin_dir, version(&data))?;
        let socket = socket_directory(&directory, account)?;
        let log = directory.join("postgres.log");
        let cluster = Self { binaries, account, durability, data, socket, log, _lock: lock };
        if !cluster.data.join("PG_VERSION").exists() {
            cluster.initialise(&directory, given_up)?;
        }
        Ok(cluster)
    }

    /// The URLs of the database.
    pub fn urls(&self) -> Urls {
        Urls::of(&self.socket)
    }

    /// The URLs of the cluster below `directory` if another process runs a server on it.
    ///
    /// # Errors
    /// Returns an error if the directory cannot be used.
    pub fn running(directory: &Path, moved: bool) -> Result<Option<Urls>, String> {
        let wanted = std::path::absolute(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        let directory = reachable(wanted, moved, Account::choose()?)?;
        let Ok(file) = File::open(directory.join("lock")) else { return Ok(None) };
        let taken = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        Ok(taken.then(|| Urls::of(&socket_path(&directory))))
    }

    /// Whether there is a cluster below `directory`.
    ///
    /// # Errors
    /// Returns an error if the directory cannot be used.
    pub fn exists(directory: &Path, moved: bool) -> Result<bool, String> {
        let wanted = std::path::absolute(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        let data = reachable(wanted, moved, Account::choose()?)?.join("postgres");
        // Only the account of Postgres may look into the directory of the data.
        data.try_exists().map_err(at(&data))
    }

    /// A program of Postgres, under the right account, with a clean environment.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.directory.join(program));
        command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").stdin(Stdio::null()).current_dir("/");
        if let Some(account) = self.account {
            account.run_as(&mut command);
        }
        command
    }

    /// The port, which appears in the name of the socket.
    pub(super) fn port() -> String {
        PORT.to_string()
    }

    /// Creates the data directory under another name and renames it, so that an interrupted start leaves no partial cluster.
    fn initialise(&self, directory: &Path, given_up: &dyn Fn() -> bool) -> Result<(), String> {
        log::info!("creating a Postgres {} cluster in {}", self.binaries.version, self.data.display());
        for entry in fs::read_dir(directory).map_err(at(directory))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(ASIDE) {
                // An interrupted start left it; if its initdb still runs, the next start removes the rest.
                _ = fs::remove_dir_all(entry.path());
            }
        }
        let aside = &directory.join(format!("{ASIDE}{}", std::process::id()));
        make(aside, 0o700).map_err(at(aside))?;
        if let Some(account) = self.account {
            account.own(aside).map_err(at(aside))?;
        }
        let locale = if cfg!(target_os = "linux") { "--locale=C.UTF-8" } else { "--locale=C" };
        let mut command = self.command("initdb");
        command.arg("-D").arg(aside).args(["-U", OWNER, "-A", "trust", "-E", "UTF8", locale, "--no-instructions"]);
        if self.durability == Durability::Passing {
            command.arg("--no-sync");
        }
        let output = run(command, given_up).map_err(|error| format!("cannot run initdb: {error}"))?;
        let Some(output) = output else {
            _ = fs::remove_dir_all(aside);
            return Err("stopped while the database was made".to_owned());
        };
        if !output.status.success() {
            return Err(format!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
        }
        fs::rename(aside, &self.data).map_err(at(&self.data))
    }
}

/// The directory itself, or the fallback if root names one that the account of Postgres may not enter. One that only this program uses
/// can be opened to the account.
fn reachable(wanted: PathBuf, moved: bool, account: Option<Account>) -> Result<PathBuf, String> {
    let Some(barrier) = account.and_then(|account| account.barred_from(&wanted).map(Path::to_owned)) else {
        return Ok(wanted);
    };
    let digest = Sha256::digest(wanted.as_os_str().as_encoded_bytes());
    let fallback = Path::new(FALLBACK).join(hex::encode(&digest[..6]));
    let is_last = || wanted.parent().is_none_or(|above| account.is_none_or(|account| account.barred_from(above).is_none()));
    // A cluster in the fallback stays the one that is used.
    if barrier == wanted && is_last() && is_ours(&wanted) && (moved || !fallback.join("postgres").exists()) {
        return Ok(wanted);
    }
    let why = format!("the unprivileged account that runs Postgres may not enter {}", barrier.display());
    if moved {
        return Err(format!("REPERES_DATA_DIR is {}, but {why}", wanted.display()));
    }
    log::warn!("{why}: storing the data in {}", fallback.display());
    Ok(fallback)
}

/// Whether a directory is this user's, and has nothing in it but what this program makes.
fn is_ours(directory: &Path) -> bool {
    let owned = fs::metadata(directory).is_ok_and(|metadata| metadata.uid() == rustix::process::geteuid().as_raw());
    let known = |name: &str| OWN_NAMES.contains(&name) || name.starts_with(ASIDE);
    let mut entries = fs::read_dir(directory).into_iter().flatten();
    owned && entries.all(|entry| entry.is_ok_and(|entry| entry.file_name().to_str().is_some_and(known)))
}

fn lock(directory: &Path) -> Result<File, String> {
    let path = directory.join("lock");
    // Another user who could open the file could hold the lock.
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(&path).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).map_err(at(&path))?;
            return Err(format!(
                "another server (process {}) already runs on {}; stop it, or set REPERES_DATA_DIR to another directory",
                holder.trim(),
                directory.display()
            ));
        }
        Err(TryLockError::Error(error)) => return Err(at(&path)(error)),
    }
    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(at(&path))?;
    Ok(file)
}

fn socket_path(directory: &Path) -> PathBuf {
    let path = directory.join("run");
    if path.as_os_str().len() + format!("/.s.PGSQL.{PORT}").len() <= SOCKET_PATH {
        return path;
    }
    let digest = Sha256::digest(directory.as_os_str().as_encoded_bytes());
    std::env::temp_dir().join(format!("reperes-{}", hex::encode(&digest[..8])))
}

/// Creates the directory of the socket for its owner only: every user who reaches the socket can log in (`trust`).
fn socket_directory(directory: &Path, account: Option<Account>) -> Result<PathBuf, String> {
    let path = socket_path(directory);
    make(&path, 0o700).map_err(at(&path))?;
    let metadata = fs::symlink_metadata(&path).map_err(at(&path))?;
    let me = rustix::process::geteuid();
    if !metadata.is_dir() || !(metadata.uid() == me.as_raw() || account.is_some_and(|account| account.owns(&metadata))) {
        return Err(format!("{} is not owned by this user", path.display()));
    }
    if let Some(account) = account {
        account.own(&path).map_err(at(&path))?;
    }
    fs::set_permissions(&path, Permissions::from_mode(0o700)).map_err(at(&path))?;
    Ok(path)
}

fn version(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Creates a directory, and those above it that do not exist, for this user only, whatever the umask. The account of Postgres,
/// if it is another one, may pass through them and list none. An existing directory keeps its mode, unless the account needs to pass
/// and only this program uses it: it was made when Postgres ran elsewhere.
fn make_private(path: &Path, account: Option<Account>) -> io::Result<()> {
    if path.is_dir() {
        return match account.filter(|account| account.barred_from(path) == Some(path) && is_ours(path)) {
            Some(account) => open_to(path, account),
            None => Ok(()),
        };
    }
    if let Some(parent) = path.parent() {
        make_private(parent, account)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        // Another process has created it meanwhile.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        created => created?,
    }
    account.map_or(Ok(()), |account| open_to(path, account))
}

/// Lets the account pass through a directory, and list nothing.
fn open_to(path: &Path, account: Account) -> io::Result<()> {
    account.share(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o710))
}

fn make(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(mode).create(path)
}

fn at(path: &Path) -> impl Fn(io::Error) -> String {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}")
}
