//! Owns the input of a publication: its files, its manifest, and the readers of each file format.
//! Must not know the meaning of the cells.

pub mod files;
pub mod manifest;
pub mod readers;
pub mod scanned;
pub mod single_file_manifest;
