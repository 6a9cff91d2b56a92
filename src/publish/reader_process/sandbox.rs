//! Owns what the reader process gives up before it opens a foreign file: new privileges, the network, other programs, and all
//! files but those that it reads. What the system does not have is reported and left out.
//! Must not know what the files hold.

use std::path::PathBuf;

/// Gives up everything but reading these files and folders. Returns what this system cannot take away, for the log.
#[cfg(target_os = "linux")]
pub fn enter(readable: &[PathBuf]) -> Vec<String> {
    let steps: [(&str, Result<(), String>); 3] =
        [("no_new_privs", no_new_privileges()), ("landlock", only_these_files(readable)), ("seccomp", no_system_calls())];
    let failed = |(name, outcome): (&str, Result<(), String>)| outcome.err().map(|why| format!("{name} ({why})"));
    steps.into_iter().filter_map(failed).collect()
}

/// Other systems have other means, which this program does not use.
#[cfg(not(target_os = "linux"))]
pub fn enter(_: &[PathBuf]) -> Vec<String> {
    vec!["landlock and seccomp (not on this system)".to_owned()]
}

#[cfg(target_os = "linux")]
fn no_new_privileges() -> Result<(), String> {
    rustix::thread::set_no_new_privs(true).map_err(|error| error.to_string())
}

/// Landlock: reading below some paths, and no TCP. Older kernels lack parts of it, or all.
#[cfg(target_os = "linux")]
fn only_these_files(readable: &[PathBuf]) -> Result<(), String> {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, path_beneath_rules,
    };
    let version = ABI::V5;
    let restrict = || {
        Ruleset::default()
            .handle_access(AccessFs::from_all(version))?
            .handle_access(AccessNet::from_all(version))?
            .create()?
            .add_rules(path_beneath_rules(readable, AccessFs::from_read(version)))?
            .restrict_self()
    };
    match restrict() {
        Ok(status) if status.ruleset == RulesetStatus::NotEnforced => Err("this kernel does not have it".to_owned()),
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// The system calls that no reader of files needs: sockets, other programs and processes, mounts, and other processes' memory.
#[cfg(target_os = "linux")]
const REFUSED: [i64; 19] = [
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_mount,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_kill,
];

/// seccomp: the refused calls fail with EPERM.
#[cfg(target_os = "linux")]
fn no_system_calls() -> Result<(), String> {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
    let architecture = TargetArch::try_from(std::env::consts::ARCH).map_err(|_| "not for this processor".to_owned())?;
    let refused = REFUSED.into_iter().map(|call| (call, Vec::new())).collect();
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(refused, SeccompAction::Allow, denied, architecture).map_err(|error| error.to_string())?;
    let program: BpfProgram = filter.try_into().map_err(|error: seccompiler::BackendError| error.to_string())?;
    seccompiler::apply_filter(&program).map_err(|error| error.to_string())
}
