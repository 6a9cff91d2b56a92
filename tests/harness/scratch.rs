//! Owns the folder of a test program: it is in memory where the system has such a file system, and is removed when the program
//! exits. A run also removes the folders of killed runs. Raises the limit of open files as far as the system allows.
//! Must not know what the tests put into the folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Resource, getrlimit, setrlimit, test_kill_process};
use tokio::signal::unix::{SignalKind, signal};

use super::cleanup;

/// The name of a program's folder, up to its process id.
const PREFIX: &str = "reperes-test-";

/// How often the removal of a folder is tried while processes that end still write to it, 50 ms apart.
const REMOVALS: usize = 100;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    raise_open_files_limit();
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    remove_stale(&parent);
    let folder = parent.join(format!("{PREFIX}{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the tests can be made");
    // SAFETY: the handler is a plain function of the right type and may run at any time after this.
    unsafe { libc::atexit(exit) };
    exit_on_signals();
    folder
});

/// The functions that run when the program exits, the last registered first.
static EXIT_HANDLERS: Mutex<Vec<fn()>> = Mutex::new(Vec::new());

/// The folder of this test program.
pub fn root_directory() -> PathBuf {
    FOLDER.clone()
}

/// An unused path below the folder of this test program, whose name starts with `name`. The test may make a folder or a file
/// there, which is removed when the test ends.
pub fn scratch(name: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let path = FOLDER.join(format!("{name}-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
    let removed = path.clone();
    cleanup::at_end(move || remove(&removed));
    path
}

/// Runs a function when the program exits, before its folder is removed.
pub fn at_exit(handler: fn()) {
    LazyLock::force(&FOLDER);
    EXIT_HANDLERS.lock().unwrap_or_else(PoisonError::into_inner).push(handler);
}

extern "C" fn exit() {
    cleanup::exit();
    let handlers = std::mem::take(&mut *EXIT_HANDLERS.lock().unwrap_or_else(PoisonError::into_inner));
    handlers.into_iter().rev().for_each(|handler| handler());
    remove(&FOLDER);
}

/// Removes a file or a folder. Repeats this while processes that are about to exit still write to it.
fn remove(path: &Path) {
    for _ in 0..REMOVALS {
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        if removed.is_ok() || !path.exists() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Removes the folders of test programs that no longer run.
fn remove_stale(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid =
            name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw);
        if pid.is_some_and(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH)) {
            _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Sets the soft limit of open files to the hard limit.
fn raise_open_files_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    _ = setrlimit(Resource::Nofile, limit);
}

/// Exits in order on Ctrl-C, SIGTERM and SIGHUP, so that the folder is removed and no process is left.
fn exit_on_signals() {
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be started");
            let code = runtime.block_on(async {
                let mut interrupt = signal(SignalKind::interrupt()).expect("a signal can be handled");
                let mut terminate = signal(SignalKind::terminate()).expect("a signal can be handled");
                let mut hangup = signal(SignalKind::hangup()).expect("a signal can be handled");
                tokio::select! {
                    _ = interrupt.recv() => 130,
                    _ = terminate.recv() => 143,
                    _ = hangup.recv() => 129,
                }
            });
            std::process::exit(code);
        })
        .expect("a thread can be started");
}
