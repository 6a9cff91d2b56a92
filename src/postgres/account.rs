//! Owns the question as whom Postgres runs: it refuses root, so root hands it to an unprivileged account.
//! Must not know clusters.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The account that Postgres runs under, when it is not the caller's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account to hand Postgres to: none for an ordinary user, `postgres` or `nobody` for root.
    ///
    /// # Errors
    /// When root finds neither account.
    pub fn choose() -> Result<Option<Self>, String> {
        // SAFETY: geteuid has no preconditions and cannot fail.
        if unsafe { libc::geteuid() } != 0 {
            return Ok(None);
        }
        ["postgres", "nobody"].into_iter().find_map(Self::named).map(Some).ok_or_else(|| {
            "Postgres refuses to run as root, and there is neither an account `postgres` nor `nobody` to run it as".to_owned()
        })
    }

    /// The account that owns a file: what one account has made, no other can use.
    ///
    /// # Errors
    /// The system's.
    pub fn owner(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        Ok(Self { uid: metadata.uid(), gid: metadata.gid() })
    }

    /// Whether it owns a file.
    pub fn owns(self, metadata: &fs::Metadata) -> bool {
        metadata.uid() == self.uid
    }

    fn named(name: &str) -> Option<Self> {
        let name = CString::new(name).ok()?;
        // SAFETY: the name is a valid C string; the static record it returns is read at once, by one thread, at start.
        unsafe {
            let record = libc::getpwnam(name.as_ptr());
            (!record.is_null()).then(|| Self { uid: (*record).pw_uid, gid: (*record).pw_gid })
        }
    }

    /// Gives a file or directory to the account.
    ///
    /// # Errors
    /// The system's.
    pub fn own(self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }

    /// Makes a command run as the account.
    pub fn run_as(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// The first directory on the way to `path` that the account may not pass.
    pub fn barred_from(self, path: &Path) -> Option<&Path> {
        path.ancestors().filter(|ancestor| ancestor.exists()).find(|ancestor| {
            let Ok(metadata) = fs::metadata(ancestor) else {
                return true;
            };
            let mode = metadata.permissions().mode();
            let bit = match (metadata.uid() == self.uid, metadata.gid() == self.gid) {
                (true, _) => 0o100,
                (false, true) => 0o010,
                (false, false) => 0o001,
            };
            mode & bit == 0
        })
    }
}
