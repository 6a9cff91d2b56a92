//! Owns the input of a publication: its files, its manifest, and the readers of each file format.
//! Must not know what the cells mean.

pub mod files;
pub mod manifest;
pub mod readers;
pub mod single_file_manifest;
