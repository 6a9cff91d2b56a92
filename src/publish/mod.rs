//! Owns publishing: files are read, checked whole, and become one release or nothing.
//! The only writer. Must not know HTTP; knows the datasets by the registry that it is given.

mod audit_record;
mod bundles;
mod checks;
mod compare_bundles;
mod dry_read;
mod errors;
mod file_tree;
mod input;
mod load;
mod pipeline;
mod progress;
mod queue;
mod report;
mod rows;

pub use bundles::{publish_folder, publish_missing};
pub use compare_bundles::{Comparison, compare};
pub use dry_read::rehearse;
pub use errors::{FileFault, PublishError};
pub use file_tree::FileTree;
pub use input::manifest::{File, Manifest, Mode, NAME, Values, Withdrawal};
pub use input::readers::{Dialect, RECORD_BYTES};
pub use input::single_file_manifest::manifest_of;
pub use pipeline::{Job, publish};
pub use progress::Progress;
pub use queue::submission_queue::{Answer, Asked, Desk, Place, Settings};
pub use report::{Effect, Outcome, ReadFile, Report};
pub use rows::recipe::is_name as is_recipe;
