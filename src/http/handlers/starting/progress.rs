//! Owns what a server says of its start until it is ready: the step that it is at.
//! Must not know the steps.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// What tells the current step.
type Step = Box<dyn Fn() -> String + Send>;

/// The progress of the start of a server. Clones share it.
#[derive(Clone)]
pub struct StartProgress(Arc<CurrentStep>);

struct CurrentStep {
    step: Mutex<Step>,
    long: watch::Sender<bool>,
}

impl Default for StartProgress {
    fn default() -> Self {
        let step: Step = Box::new(|| "reading the settings".to_owned());
        Self(Arc::new(CurrentStep { step: Mutex::new(step), long: watch::Sender::new(false) }))
    }
}

impl StartProgress {
    /// Enters a step that clients need not hear of: it ends at once, so that they are better off waiting.
    pub fn enter_short(&self, step: &'static str) {
        self.set(Box::new(move || step.to_owned()));
    }

    /// Enters a step that may take long. Each answer meanwhile calls `step` for its text and names it.
    pub fn enter(&self, step: impl Fn() -> String + Send + 'static) {
        self.set(Box::new(step));
        self.0.long.send_replace(true);
    }

    /// The current step, such as `publishing 01-geography, 1 of 3: checking rows`.
    pub fn step(&self) -> String {
        self.0.step.lock().unwrap_or_else(PoisonError::into_inner)()
    }

    /// Waits until the first step that may take long.
    pub async fn is_long(&self) {
        _ = self.0.long.subscribe().wait_for(|long| *long).await;
    }

    fn set(&self, step: Step) {
        *self.0.step.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_asked_at_each_answer() {
        let progress = StartProgress::default();
        progress.enter_short("starting the database");
        assert_eq!((progress.step().as_str(), *progress.0.long.borrow()), ("starting the database", false));
        let done = Arc::new(Mutex::new(1));
        let counted = Arc::clone(&done);
        progress.enter(move || format!("{} of 3", counted.lock().expect("no test panics")));
        assert_eq!((progress.step().as_str(), *progress.0.long.borrow()), ("1 of 3", true));
        *done.lock().expect("no test panics") = 2;
        assert_eq!(progress.step(), "2 of 3");
    }
}
