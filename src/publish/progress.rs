//! Owns how long work is shown and told: a bar where a terminal looks on, log lines otherwise, and figures for who asks.
//! Must not know what the work is.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing yet.
    Queued,
    /// Files are read.
    Reading,
    /// Rows are checked against each other.
    Checking,
    /// Another publication has the turn.
    Waiting,
    /// Rows are compared with what is published.
    Comparing,
    /// Other rows are computed from them.
    Deriving,
}

impl Step {
    fn text(self) -> &'static str {
        match self {
            Step::Queued => "queued",
            Step::Reading => "reading",
            Step::Checking => "checking",
            Step::Waiting => "waiting for its turn",
            Step::Comparing => "comparing with what is published",
            Step::Deriving => "computing what follows",
        }
    }
}

/// The progress of one piece of work, in bytes. Clones show the same work.
#[derive(Clone)]
pub struct Progress(Arc<Shown>);

struct Shown {
    bar: ProgressBar,
    name: String,
    total: AtomicU64,
    done: AtomicU64,
    step: Mutex<Step>,
}

impl Progress {
    /// Starts showing.
    pub fn start(name: &str) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{msg} [{bar:30}] {percent}% {eta}").expect("the template is fixed");
            ProgressBar::no_length().with_style(style).with_message(name.to_owned())
        } else {
            ProgressBar::hidden()
        };
        let (total, done) = (AtomicU64::new(0), AtomicU64::new(0));
        Self(Arc::new(Shown { bar, name: name.to_owned(), total, done, step: Mutex::new(Step::Queued) }))
    }

    /// Says how much there is to read.
    pub fn expect(&self, bytes: u64) {
        self.0.total.store(bytes, Ordering::Relaxed);
        self.0.bar.set_length(bytes);
    }

    /// Says how many more bytes are done.
    pub fn advance(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or_default();
        self.0.done.fetch_add(bytes, Ordering::Relaxed);
        self.0.bar.inc(bytes);
    }

    /// Says what is being done.
    pub fn step(&self, step: Step) {
        *self.0.step.lock().unwrap_or_else(PoisonError::into_inner) = step;
        let what = step.text();
        if self.0.bar.is_hidden() {
            log::info!("{}: {what}", self.0.name);
        } else {
            self.0.bar.set_message(format!("{}: {what}", self.0.name));
        }
    }

    /// What is being done, bytes read, and bytes to read.
    pub fn now(&self) -> (Step, u64, u64) {
        let step = *self.0.step.lock().unwrap_or_else(PoisonError::into_inner);
        let total = self.0.total.load(Ordering::Relaxed);
        (step, self.0.done.load(Ordering::Relaxed).min(total), total)
    }

    /// Ends the showing.
    pub fn finish(&self) {
        self.0.bar.finish_and_clear();
    }
}
