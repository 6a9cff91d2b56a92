//! Owns the progress of a publication: a bar on a terminal or else log lines, and figures for the HTTP API.
//! Must not know the steps of a publication.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

use crate::publication::Phase;

/// The progress of one publication, in bytes. Clones share it.
#[derive(Clone)]
pub struct Progress(Arc<ProgressState>);

struct ProgressState {
    bar: ProgressBar,
    name: String,
    total: AtomicU64,
    done: AtomicU64,
    phase: Mutex<Phase>,
}

impl Progress {
    /// Counts without a display, for the reader process.
    pub fn silent() -> Self {
        Self::new("", ProgressBar::hidden())
    }

    /// Starts the display.
    pub fn start(name: &str) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{msg} [{bar:30}] {percent}% {eta}").expect("the template is fixed");
            ProgressBar::no_length().with_style(style).with_message(name.to_owned())
        } else {
            ProgressBar::hidden()
        };
        Self::new(name, bar)
    }

    fn new(name: &str, bar: ProgressBar) -> Self {
        let (total, done) = (AtomicU64::new(0), AtomicU64::new(0));
        Self(Arc::new(ProgressState { bar, name: name.to_owned(), total, done, phase: Mutex::new(Phase::Queued) }))
    }

    /// Sets the number of bytes to read.
    pub fn set_total(&self, bytes: u64) {
        self.0.total.store(bytes, Ordering::Relaxed);
        self.0.bar.set_length(bytes);
    }

    /// Adds bytes that have been read.
    pub fn advance(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or_default();
        self.0.done.fetch_add(bytes, Ordering::Relaxed);
        self.0.bar.inc(bytes);
    }

    /// The bytes that have been read.
    pub fn read_bytes(&self) -> u64 {
        self.0.done.load(Ordering::Relaxed)
    }

    /// Enters a phase.
    pub fn enter(&self, phase: Phase) {
        *self.0.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
        let what = phase.description();
        if self.0.bar.is_hidden() {
            log::info!("{}: {what}", self.0.name);
        } else {
            self.0.bar.set_message(format!("{}: {what}", self.0.name));
        }
    }

    /// The phase, the bytes read, and the bytes to read.
    pub fn current(&self) -> (Phase, u64, u64) {
        let phase = *self.0.phase.lock().unwrap_or_else(PoisonError::into_inner);
        let total = self.0.total.load(Ordering::Relaxed);
        (phase, self.0.done.load(Ordering::Relaxed).min(total), total)
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.0.bar.finish_and_clear();
    }
}
