//! Owns what the reader process gives up before it opens a foreign file: new privileges, the network, other programs, and all
//! files but those that it reads. What the system does not have is reported and left out.
//! Must not know what the files hold.

use std::path::PathBuf;

#[cfg(target_os = "linux")]
use super::system_calls::keep_only_reading;

/// Gives up everything but reading these files and folders, for this thread and those that it starts. Returns what this system cannot take away, for the log.
#[cfg(target_os = "linux")]
pub fn enter(readable: &[PathBuf]) -> Vec<String> {
    let steps: [(&str, Result<(), String>); 3] =
        [("no_new_privs", no_new_privileges()), ("landlock", only_these_files(readable)), ("seccomp", keep_only_reading())];
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
