//! Owns publishing: files are read, checked as a whole, and become one release or nothing.
//! The only module that writes rows. Must not know HTTP. It knows the datasets through the registry that it is given.

mod audit_record;
mod bundles;
mod checks;
mod compare_bundles;
mod dry_read;
mod errors;
mod file_tree;
mod input;
mod job;
mod load;
mod pipeline;
mod progress;
mod queue;
mod reader_process;
mod rows;

pub use bundles::{BundleProgress, publish_folder, publish_missing};
pub use compare_bundles::{BundleComparison, compare};
pub use dry_read::dry_read;
pub use errors::PublishError;
pub use file_tree::FileTree;
pub use input::manifest::{Manifest, ManifestFile, ManifestWithdrawal, MergeMode, NAME, ScopeValues};
pub use input::readers::dialect::FileDialect;
pub use input::readers::limits::RECORD_BYTES;
pub use input::single_file_manifest::manifest_of;
pub use job::{Job, PublishingKey};
pub use pipeline::publish;
pub use progress::Progress;
pub use queue::attempt::Attempt;
pub use queue::queued_publication::QueuedPublication;
pub use queue::submission_queue::{Enqueued, PLACES_PER_KEY, QueuePermit, QueueSettings, SubmissionQueue};
pub use reader_process::{ManifestSource, ReaderLimits, ReaderSettings, run as read_files};
pub use rows::recipe::is_name as is_recipe;
