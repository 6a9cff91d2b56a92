//! Owns the folders for received files: one for each publication, deleted when it ends. A server deletes at its start
//! what killed servers have left.
//! Must not know what is in the files.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use tempfile::TempDir;

/// The lock file of the common folder, held while one server looks for leftovers.
const GATE: &str = "gate";

/// The lock file in the folder of a server, held as long as it runs.
const LOCK: &str = "lock";

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

    /// Makes a folder for one publication, which is deleted on drop.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be made.
    pub fn folder(&self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix("publication-").tempdir_in(self.folder.path())
    }
}
