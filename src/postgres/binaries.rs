//! Owns the search for the binaries of Postgres on this machine, and the advice if there are none.
//! Must not know clusters.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The supported major versions.
pub const VERSIONS: std::ops::RangeInclusive<u32> = 14..=18;

/// Where distributions install the server's binaries outside `PATH`: Debian and Ubuntu; Red Hat with the packages of the
/// Postgres project; Alpine; Homebrew on Apple silicon, on Intel, and on Linux.
const PLACES: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
];

/// A directory with `initdb` and `postgres`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// The directory.
    pub directory: PathBuf,
    /// The major version.
    pub version: u32,
}

/// Finds the server binaries: those in `configured` if given, else those of the version of the existing `cluster`, else the
/// newest supported ones.
///
/// # Errors
/// Returns a message that names the versions and the package to install.
pub fn find(configured: Option<&Path>, cluster: Option<u32>) -> Result<Binaries, String> {
    if let Some(directory) = configured {
        return probe(directory)
            .ok_or_else(|| format!("POSTGRES_BIN_DIR is {}, which has no working `initdb` and `postgres`", directory.display()));
    }
    let mut found: Vec<Binaries> = candidates().iter().filter_map(|directory| probe(directory)).collect();
    found.retain(|binaries| VERSIONS.contains(&binaries.version) && cluster.is_none_or(|version| version == binaries.version));
    found.sort_by_key(|binaries| std::cmp::Reverse(binaries.version));
    found.into_iter().next().ok_or_else(|| match cluster {
        Some(version) => format!(
            "The data directory was created by Postgres {version}, and no server binaries of that version were found. Install them again, or set POSTGRES_BIN_DIR to their directory."
        ),
        None => format!(
            "No Postgres server binaries (versions {} to {}) were found in PATH or where packages install them. {} Or set DATABASE_URL to the URL of another server.",
            VERSIONS.start(),
            VERSIONS.end(),
            advice()
        ),
    })
}

/// Finds a client program for a server of a major version: of the same version, else of the closest newer one.
///
/// # Errors
/// Returns a message that names the versions that were found.
pub fn tool(configured: Option<&Path>, name: &str, server: u32) -> Result<PathBuf, String> {
    let places = configured.map_or_else(candidates, |directory| vec![directory.to_owned()]);
    let programs = places.iter().map(|directory| directory.join(name)).filter(|program| program.is_file());
    let mut found: Vec<(u32, PathBuf)> = programs.filter_map(|program| Some((version(&program)?, program))).collect();
    found.sort();
    found.dedup_by_key(|(version, _)| *version);
    let there: Vec<String> = found.iter().map(|(version, _)| version.to_string()).collect();
    found.into_iter().find(|(version, _)| *version >= server).map(|(_, program)| program).ok_or_else(|| {
        let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
        format!(
            "the server is Postgres {server}, and there is no `{name}` of that version or a newer one (found: {there}); install its client programs, or set POSTGRES_BIN_DIR to their directory"
        )
    })
}

fn candidates() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        all.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    for (parent, prefix, below) in PLACES {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
        all.extend(named.map(|entry| entry.path().join(below)));
    }
    all
}

fn probe(directory: &Path) -> Option<Binaries> {
    if !directory.join("initdb").is_file() {
        return None;
    }
    Some(Binaries { directory: directory.to_owned(), version: version(&directory.join("postgres"))? })
}

/// The major version that `program --version` prints.
fn version(program: &Path) -> Option<u32> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The command that installs the server on this system.
fn advice() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let family: String =
        release.lines().filter(|line| line.starts_with("ID=") || line.starts_with("ID_LIKE=")).collect::<Vec<_>>().join(" ");
    let is = |name: &str| family.contains(name);
    let command = if cfg!(target_os = "macos") {
        "brew install postgresql@17"
    } else if is("debian") || is("ubuntu") {
        "apt-get install postgresql"
    } else if is("rhel") || is("fedora") || is("centos") {
        "dnf install postgresql-server postgresql-contrib"
    } else if is("alpine") {
        "apk add postgresql postgresql-contrib"
    } else if is("arch") {
        "pacman -S postgresql"
    } else if is("suse") {
        "zypper install postgresql-server postgresql-contrib"
    } else {
        return "Install your system's package of the Postgres server, with its contrib modules.".to_owned();
    };
    format!("Install them with `{command}`.")
}
