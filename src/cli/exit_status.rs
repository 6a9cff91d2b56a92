//! Owns the table of exit codes, the same for all commands.
//! Must not know the commands.

use std::fmt::Write;
use std::process::ExitCode;

/// How the program ended, as the shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// The command succeeded.
    Success = 0,
    /// The command failed.
    Failure = 1,
    /// The arguments are invalid; nothing was done. clap ends with this code too.
    Usage = 2,
    /// The files of a publication, or the stored data, have errors.
    Invalid = 3,
    /// The files contain nothing that is not published already.
    Unchanged = 4,
    /// Another publication is in progress, and `--no-wait` was given.
    Busy = 5,
}

impl ExitStatus {
    const ALL: [ExitStatus; 6] = [Self::Success, Self::Failure, Self::Usage, Self::Invalid, Self::Unchanged, Self::Busy];

    fn meaning(self) -> &'static str {
        match self {
            Self::Success => "success; with --dry-run: the files would be published",
            Self::Failure => "failure",
            Self::Usage => "invalid arguments",
            Self::Invalid => "errors in the files (publish, withdraw) or in the database (verify); all of them are reported",
            Self::Unchanged => "nothing to publish: the database has all of it already",
            Self::Busy => "another publication is in progress (with --no-wait)",
        }
    }

    /// The table as help text.
    pub fn help() -> String {
        let mut text = "Exit codes:\n".to_owned();
        for status in Self::ALL {
            _ = writeln!(text, "  {}  {}", status as u8, status.meaning());
        }
        text
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        ExitCode::from(status as u8)
    }
}
