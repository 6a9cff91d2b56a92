//! Owns the shell in which the commands of one document run. The shell has its own folder, `reperes` and `curl` on its `PATH`,
//! and the address of the server under test instead of 127.0.0.1:8080.
//! Must not know what the commands print.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{TestServer, owner, root_directory};

use super::markdown::Kind;

/// The address that the documents show.
const DOCUMENTED: &str = "127.0.0.1:8080";

/// The time limit of one command, on a machine that is busy with other tests.
const LONGEST: Duration = Duration::from_secs(600);

/// The pause between two checks whether the command has exited.
const PAUSE: Duration = Duration::from_millis(20);

/// The script before each command. It sets the variables that earlier commands exported, except the settings of curl.
const BEFORE: &str = "[ ! -f .exported ] || . ./.exported\nexport CURL_HOME=\"$SETTINGS\"\nset -eu\n";

/// The script after each command.
const AFTER: &str = "\nexport -p | grep -v ' SETTINGS=' >.exported\n";

/// A shell for one document.
pub struct Shell<'a> {
    folder: PathBuf,
    server: &'a TestServer,
}

impl<'a> Shell<'a> {
    /// Opens a shell in a new folder, in which the repository's example and data folders are linked.
    pub fn open(document: &str, server: &'a TestServer) -> Self {
        let curl = Command::new("curl").arg("--version").stdout(Stdio::null()).status();
        assert!(curl.is_ok_and(|status| status.success()), "the documents' commands need curl; `sh setup.sh` installs it");
        let folder = root_directory().join(format!("document-{}", document.replace('/', "-")));
        for (settings, text) in [("session", "silent\nmax-time = 60\n"), ("script", "silent\nshow-error\nfail\nmax-time = 60\n")]
        {
            fs::create_dir_all(folder.join(settings)).expect("a folder can be made");
            fs::write(folder.join(settings).join(".curlrc"), text).expect("a file can be written");
        }
        for name in ["bench", "data", "examples"] {
            symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join(name), folder.join(name)).expect("a link can be made");
        }
        Self { folder, server }
    }

    /// Runs a command until it exits, for at most [`LONGEST`].
    pub fn run(&self, command: &str, kind: Kind) -> Output {
        let script = command.replace(DOCUMENTED, &self.server.address.to_string());
        let programs = Path::new(env!("CARGO_BIN_EXE_reperes")).parent().expect("the program is in a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let settings = self.folder.join(if kind == Kind::Script { "script" } else { "session" });
        let (printed, reported) = (self.folder.join(".stdout"), self.folder.join(".stderr"));
        let create = |path: &Path| File::create(path).expect("a file can be made");
        let mut child = Command::new("sh")
            .args(["-c", &format!("{BEFORE}{script}{AFTER}")])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(create(&printed))
            .stderr(create(&reported))
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("SETTINGS", settings)
            .env("DATABASE_URL", &self.server.url)
            .env("DATABASE_OWNER_URL", owner(&self.server.url))
            .env("RUST_LOG", "warn")
            .spawn()
            .expect("a shell starts");
        let deadline = Instant::now() + LONGEST;
        let status = loop {
            match child.try_wait().expect("the shell can be waited for") {
                Some(status) => break status,
                None if Instant::now() > deadline => {
                    child.kill().expect("the shell can be ended");
                    panic!("`{command}` does not end within {} s", LONGEST.as_secs());
                }
                None => std::thread::sleep(PAUSE),
            }
        };
        let read = |path: &Path| fs::read(path).expect("the output can be read");
        Output { status, stdout: read(&printed), stderr: read(&reported) }
    }
}
