//! Owns how long work is shown: a bar where a terminal looks on, plain log lines otherwise.
//! Must not know what the work is.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// The progress of one piece of work, in bytes.
pub struct Progress {
    bar: ProgressBar,
    name: String,
}

impl Progress {
    /// Starts showing.
    pub fn start(name: &str, bytes: u64) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{msg} [{bar:30}] {percent}% {eta}").expect("the template is fixed");
            ProgressBar::new(bytes).with_style(style).with_message(name.to_owned())
        } else {
            log::info!("{name}: reading {} kB", bytes.div_ceil(1000));
            ProgressBar::hidden()
        };
        Self { bar, name: name.to_owned() }
    }

    /// Says how many more bytes are done.
    pub fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// Says what is being done, once the reading is over.
    pub fn step(&self, what: &str) {
        if self.bar.is_hidden() {
            log::info!("{}: {what}", self.name);
        } else {
            self.bar.set_message(format!("{}: {what}", self.name));
        }
    }

    /// Ends the showing.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
