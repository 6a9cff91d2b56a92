//! Owns the settings of the reader process: its program and its limits.
//! Must not know how a limit is enforced.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The program of this process, also if its file has been replaced since the start.
const PROGRAM: &str = if cfg!(target_os = "linux") { "/proc/self/exe" } else { "reperes" };

/// How foreign files are read.
#[derive(Clone, Debug)]
pub struct ReaderSettings {
    /// The program that is started, with the argument `read-files`.
    pub program: PathBuf,
    /// The limits of each publication.
    pub limits: ReaderLimits,
}

impl ReaderSettings {
    /// Reads with this program itself.
    pub fn new(limits: ReaderLimits) -> Self {
        Self { program: PROGRAM.into(), limits }
    }
}

/// What the reading of one publication may use and give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderLimits {
    /// Address space, in bytes.
    pub memory: u64,
    /// Processor time, in whole seconds.
    pub cpu: Duration,
    /// Time from its start to its end, waits for the database included.
    pub wall: Duration,
    /// Rows, over all datasets.
    pub rows: u64,
    /// Bytes of rows, as `COPY` text.
    pub output: u64,
}

impl Default for ReaderLimits {
    fn default() -> Self {
        let (cpu, wall) = (Duration::from_secs(600), Duration::from_secs(1800));
        Self { memory: 512 << 20, cpu, wall, rows: 20_000_000, output: 4 << 30 }
    }
}
