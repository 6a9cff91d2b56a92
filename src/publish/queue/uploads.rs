//! Owns the folders that files are received in: one for each publication, gone when it ends, however it ends; what a
//! server that was killed has left is taken away by the next.
//! Must not know what is in the files.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use tempfile::TempDir;

/// What holds the other servers of the folder back while one looks for what is left.
const GATE: &str = "gate";

/// What a server holds as long as it lives, in its own folder.
const LOCK: &str = "lock";

/// The folder of one server, in which those of its publications are made.
pub struct Uploads {
    folder: TempDir,
    _lock: File,
}

impl Uploads {
    /// Makes the folder of this server below `root`, and takes away those of servers that live no more.
    ///
    /// # Errors
    /// The disk's.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let gate = File::create(root.join(GATE))?;
        gate.lock()?;
        for entry in fs::read_dir(root)?.flatten().filter(|entry| entry.path().is_dir()) {
            let held =
                File::open(entry.path().join(LOCK)).is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
            if !held {
                log::info!("{} is what a server that was killed has left; it is taken away", entry.path().display());
                fs::remove_dir_all(entry.path())?;
            }
        }
        let folder = tempfile::Builder::new().prefix("server-").tempdir_in(root)?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self { folder, _lock: lock })
    }

    /// A new folder for one publication, gone with what is given.
    ///
    /// # Errors
    /// The disk's.
    pub fn folder(&self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix("publication-").tempdir_in(self.folder.path())
    }
}
