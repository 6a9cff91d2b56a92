//! Owns the limits that the system enforces on the reader process, and what its death means.
//! Must not know what it reads.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use super::settings::ReaderLimits;

/// The open files that a reader needs: its pipes, a file and the second file of its recipe, and some more.
const DESCRIPTORS: u64 = 64;

/// How much this process steps back behind others that want a processor (`nice`).
const NICENESS: i32 = 10;

/// Steps back behind the server that started this process: it gets a processor later, and is the first to end if memory runs out.
/// A system that refuses treats both alike.
pub fn step_back() {
    _ = rustix::process::nice(NICENESS);
    _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

/// Sets the limits of this process: address space, processor time, open files; it writes no file and leaves no core.
///
/// # Errors
/// Returns an error if the system refuses a limit.
pub fn apply(limits: &ReaderLimits) -> io::Result<()> {
    let seconds = limits.cpu.as_secs().max(1);
    // Above the first number of seconds the system says why it ends the process, above the second it does not.
    let all = [
        (Resource::As, limits.memory, limits.memory),
        (Resource::Cpu, seconds, seconds + 1),
        (Resource::Nofile, DESCRIPTORS, DESCRIPTORS),
        (Resource::Fsize, 0, 0),
        (Resource::Core, 0, 0),
    ];
    for (resource, current, maximum) in all {
        setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) })?;
    }
    Ok(())
}

/// A limit that ended the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReachedLimit {
    /// Address space.
    Memory,
    /// Processor time.
    Cpu,
    /// Time from start to end.
    Wall,
    /// Number of rows.
    Rows,
    /// Bytes of rows.
    Output,
    /// It died in another way, such as by the system's own lack of memory.
    Unknown,
}

impl ReachedLimit {
    /// The limit that ended a process which ended by itself.
    pub fn of(status: ExitStatus) -> Self {
        let signal = |signal: Signal| status.signal() == Some(signal.as_raw());
        match () {
            // Rust aborts if an allocation fails or the stack is full.
            () if signal(Signal::ABORT) || signal(Signal::SEGV) || signal(Signal::BUS) => Self::Memory,
            () if signal(Signal::XCPU) => Self::Cpu,
            () => Self::Unknown,
        }
    }

    /// Says for the sender which limit was reached, and its setting.
    pub fn detail(self, limits: &ReaderLimits) -> String {
        let (what, setting) = match self {
            Self::Memory => (format!("{} MB of memory", limits.memory >> 20), "REPERES_READER_MEMORY_MB"),
            Self::Cpu => (format!("{} s of processor time", limits.cpu.as_secs()), "REPERES_READER_CPU_S"),
            Self::Wall => (format!("{} s", limits.wall.as_secs()), "REPERES_READER_WALL_S"),
            Self::Rows => (format!("{} rows", limits.rows), "REPERES_READER_MAX_ROWS"),
            Self::Output => (format!("{} MB of rows", limits.output >> 20), "REPERES_READER_OUTPUT_MB"),
            Self::Unknown => {
                return "the reading of the files ended before their end: a file is damaged or asks too much of this machine"
                    .to_owned();
            }
        };
        format!(
            "the files ask for more than a publication may use: {what} ({setting}); split them, or leave out what is not data"
        )
    }
}
