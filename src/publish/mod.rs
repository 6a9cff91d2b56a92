//! Owns publishing: files are read, checked whole, and become one release or nothing.
//! The only writer. Must not know HTTP; knows the datasets by the registry that it is given.

mod bundle;
mod cell;
mod checks;
mod fault;
mod manifest;
mod progress;
mod reader;

pub use bundle::{Outcome, publish, publish_missing};
pub use fault::{FileFault, PublishError};
pub use manifest::Manifest;
