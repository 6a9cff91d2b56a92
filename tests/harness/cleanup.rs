//! Owns the cleanup after a test: servers, databases and folders end when the thread of the test ends, whether the test passes
//! or panics. It also limits how many tests hold servers and databases at once, so that the test program stays below 1,024 open
//! files on a machine with many processors.
//! Must not know what a test starts.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Condvar, LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// The number of tests that hold servers and databases at once. A server has about 30 open files, and few tests start two.
const CONCURRENT_TESTS: usize = 8;

/// How long a test waits for its permit while other tests hold them all.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(900);

/// A function that ends one server, database or folder of a test.
type Job = Box<dyn FnOnce() + Send>;

/// The resources of the test of one thread.
#[derive(Default)]
struct Started {
    jobs: Vec<Job>,
    permit: Option<Permit>,
}

impl Drop for Started {
    fn drop(&mut self) {
        // The jobs run on another thread: the destructor of a thread-local value cannot use those of tokio.
        if !self.jobs.is_empty() {
            _ = CLEANER.send(std::mem::take(self));
        }
    }
}

thread_local! {
    static STARTED: RefCell<Started> = RefCell::default();
    static KEEP: Cell<bool> = const { Cell::new(false) };
}

/// The thread that runs the jobs of tests that have ended.
static CLEANER: LazyLock<Sender<Started>> = LazyLock::new(|| {
    let (sender, ended) = mpsc::channel::<Started>();
    std::thread::Builder::new()
        .name("cleanup".to_owned())
        .spawn(move || ended.iter().for_each(end))
        .expect("a thread can be started");
    sender
});

/// Whether the test program exits; it then removes the whole cluster with its folder.
static EXITING: AtomicBool = AtomicBool::new(false);

/// Runs the jobs of one test, the last first, and then releases its permit.
fn end(mut test: Started) {
    for job in std::mem::take(&mut test.jobs).into_iter().rev() {
        let outcome = catch_unwind(AssertUnwindSafe(job));
        if outcome.is_err() && !EXITING.load(Ordering::SeqCst) {
            eprintln!("error: what a test has started cannot be ended (see the panic above)");
        }
    }
}

/// Runs a job when the test of this thread ends.
pub fn at_end(job: impl FnOnce() + Send + 'static) {
    if KEEP.get() {
        return;
    }
    LazyLock::force(&CLEANER);
    STARTED.with_borrow_mut(|started| started.jobs.push(Box::new(job)));
}

/// Starts something that all tests of the program share: it stays until the program exits.
pub fn keep_for_all_tests<T>(start: impl FnOnce() -> T) -> T {
    let before = KEEP.replace(true);
    let started = start();
    KEEP.set(before);
    started
}

/// Declares that the test of this thread uses servers or databases of its own. Waits while too many other tests do.
pub fn acquire_permit() {
    // A test that waits for a shared server may hold a permit, so the test that starts that server must not wait for one.
    if !KEEP.get() && STARTED.with_borrow(|started| started.permit.is_none()) {
        let permit = Permit::acquire();
        STARTED.with_borrow_mut(|started| started.permit = Some(permit));
    }
}

/// Declares that the test program exits.
pub fn exit() {
    EXITING.store(true, Ordering::SeqCst);
}

/// The right of one test to hold servers and databases.
struct Permit;

static HELD: Mutex<usize> = Mutex::new(0);
static RELEASED: Condvar = Condvar::new();

impl Permit {
    fn acquire() -> Self {
        let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = RELEASED.wait_timeout_while(held, PERMIT_TIMEOUT, |held| *held >= CONCURRENT_TESTS);
        let (mut held, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(
            *held < CONCURRENT_TESTS,
            "timed out after {} s: {CONCURRENT_TESTS} other tests hold servers and databases",
            PERMIT_TIMEOUT.as_secs()
        );
        *held += 1;
        Self
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *HELD.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        RELEASED.notify_one();
    }
}
