//! Owns the folders for received files: one for each publication, deleted when it ends. A server deletes at its start
//! what killed servers have left.
//! Must not know what is in the files.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The lock file of the common folder, held while one server looks for leftovers.
const GATE: &str = "gate";

/// The lock file in the folder of a server, held as long as it runs.
const LOCK: &str = "lock";

/// The mode of all folders.
const PRIVATE: u32 = 0o700;

/// How long a start waits for the lock of the common folder.
const GATE_TIMEOUT: Duration = Duration::from_secs(5);

/// The pause between two attempts to take it.
const GATE_INTERVAL: Duration = Duration::from_millis(50);

/// The folder of one server, with one folder for each of its publications.
pub struct Uploads {
    folder: TempDir,
    _lock: File,
}

impl Uploads {
    /// Makes the folder of this server in `root`, and deletes the folders of servers that do not run any more.
    ///
    /// # Errors
    /// Returns an error if a folder cannot be made or deleted.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(PRIVATE).create(root)?;
        let gate = File::create(root.join(GATE))?;
        acquire(&gate, root)?;
        for entry in fs::read_dir(root)?.flatten().filter(|entry| entry.path().is_dir()) {
            let held =
                File::open(entry.path().join(LOCK)).is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
            if !held {
                log::info!("{} is what a server that was killed has left; it is taken away", entry.path().display());
                fs::remove_dir_all(entry.path())?;
            }
        }
        let folder = private("server-").tempdir_in(root)?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self { folder, _lock: lock })
    }

    /// Makes a folder for one publication, which is deleted on drop.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be made.
    pub fn folder(&self) -> io::Result<TempDir> {
        private("publication-").tempdir_in(self.folder.path())
    }
}

/// Makes folders that only their owner may enter: files wait there for their publication, perhaps under an embargo.
fn private(prefix: &str) -> tempfile::Builder<'_, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).permissions(Permissions::from_mode(PRIVATE));
    builder
}

/// Takes the lock of the common folder. Servers hold it for an instant; a process that keeps it must not stop the start.
fn acquire(gate: &File, root: &Path) -> io::Result<()> {
    let deadline = Instant::now() + GATE_TIMEOUT;
    loop {
        match gate.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(GATE_INTERVAL),
            Err(TryLockError::WouldBlock) => {
                let path = root.join(GATE);
                let why = format!("another process has held the lock of {} for {GATE_TIMEOUT:?}", path.display());
                return Err(io::Error::new(io::ErrorKind::WouldBlock, why));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}
