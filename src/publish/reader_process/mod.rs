//! Owns the reading of foreign files in a process of its own: the files of a publication are scanned and read by a child of the
//! same program, under limits of memory, time and output, without network, credentials or write access. What a file does to a
//! parser ends with that child.
//! Must not know the database.

mod child;
mod file_reader;
mod frames;
mod limits;
mod request;
mod sandbox;
mod settings;
#[cfg(target_os = "linux")]
mod system_calls;

pub use child::run;
pub use file_reader::FileReader;
pub use request::{ManifestSource, ReadRequest};
pub use settings::{ReaderLimits, ReaderSettings};
