//! Owns publishing: files are read, checked whole, and become one release or nothing.
//! The only writer. Must not know HTTP; knows the datasets by the registry that it is given.

mod bundle;
mod canonical;
mod cell;
mod checks;
mod fault;
mod inputs;
mod manifest;
mod output;
mod progress;
mod reading;
mod recipe;
mod report;
mod run;
mod source;
mod withdrawals;

pub use bundle::{publish_folder, publish_missing};
pub use fault::{FileFault, PublishError};
pub use manifest::{File, Manifest, Mode, NAME, Values, Withdrawal};
pub use progress::Progress;
pub use recipe::load as load_recipe;
pub use report::{Effect, Outcome, ReadFile, Report};
pub use run::{Job, publish};
pub use source::Dialect;
