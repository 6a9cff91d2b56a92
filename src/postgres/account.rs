//! Owns the account that Postgres runs under: it refuses root, so root starts it as an unprivileged user.
//! Must not know clusters.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::User;
use rustix::process::geteuid;

/// An account other than the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// Chooses the account for Postgres: `None` for an ordinary user, `postgres` or `nobody` for root.
    ///
    /// # Errors
    /// Returns an error if root finds neither account.
    pub fn choose() -> Result<Option<Self>, String> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        ["postgres", "nobody"].into_iter().find_map(Self::named).map(Some).ok_or_else(|| {
            "Postgres refuses to run as root, and there is neither an account `postgres` nor `nobody` to run it as".to_owned()
        })
    }

    /// The account that owns a file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be looked at.
    pub fn owner(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        Ok(Self { uid: metadata.uid(), gid: metadata.gid() })
    }

    /// Whether the account owns a file.
    pub fn owns(self, metadata: &fs::Metadata) -> bool {
        metadata.uid() == self.uid
    }

    fn named(name: &str) -> Option<Self> {
        let user = User::from_name(name).ok()??;
        Some(Self { uid: user.uid.as_raw(), gid: user.gid.as_raw() })
    }

    /// Makes the account the owner of a file or directory.
    ///
    /// # Errors
    /// Returns an error if the caller may not change the owner.
    pub fn own(self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }

    /// Makes the group of the account the group of a file or directory.
    ///
    /// # Errors
    /// Returns an error if the caller may not change the group.
    pub fn share(self, path: &Path) -> io::Result<()> {
        chown(path, None, Some(self.gid))
    }

    /// Makes a command run as the account.
    pub fn run_as(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// The deepest directory above `path`, or `path` itself, that the account may not enter.
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
