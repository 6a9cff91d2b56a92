//! Owns publishing: files are read, checked whole, and become one release or nothing.
//! The only writer. Must not know HTTP; knows the datasets by the registry that it is given.

mod account;
mod bundle;
mod canonical;
mod cell;
mod checks;
mod desk;
mod difference;
mod fault;
mod inputs;
mod manifest;
mod output;
mod permit;
mod progress;
mod reading;
mod recipe;
mod rehearsal;
mod report;
mod run;
mod single;
mod source;
mod uploads;
mod withdrawals;
mod worker;

pub use bundle::{publish_folder, publish_missing};
pub use desk::{Answer, Asked, Desk, Place, Settings};
pub use difference::{Comparison, compare};
pub use fault::{FileFault, PublishError};
pub use manifest::{File, Manifest, Mode, NAME, Values, Withdrawal};
pub use progress::Progress;
pub use recipe::is_name as is_recipe;
pub use rehearsal::rehearse;
pub use report::{Effect, Outcome, ReadFile, Report};
pub use run::{Job, publish};
pub use single::manifest_of;
pub use source::{Dialect, RECORD_BYTES};
