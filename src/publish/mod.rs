//! Owns publishing: files are read, checked whole, and become one release or nothing.
//! The only writer. Must not know HTTP; knows the datasets by the registry that it is given.

mod audit_record;
mod bundles;
mod checks;
mod compare_bundles;
mod dry_read;
mod errors;
mod input;
mod load;
mod pipeline;
mod progress;
mod queue;
mod report;
mod rows;

pub use crate::publish::bundles::{publish_folder, publish_missing};
pub use crate::publish::compare_bundles::{Comparison, compare};
pub use crate::publish::dry_read::rehearse;
pub use crate::publish::errors::{FileFault, PublishError};
pub use crate::publish::input::manifest::{File, Manifest, Mode, NAME, Values, Withdrawal};
pub use crate::publish::input::readers::{Dialect, RECORD_BYTES};
pub use crate::publish::input::single_file_manifest::manifest_of;
pub use crate::publish::pipeline::{Job, publish};
pub use crate::publish::progress::Progress;
pub use crate::publish::queue::submission_queue::{Answer, Asked, Desk, Place, Settings};
pub use crate::publish::report::{Effect, Outcome, ReadFile, Report};
pub use crate::publish::rows::recipe::is_name as is_recipe;
