//! Owns the verification of what is stored: consistency checks and the digest of a release.
//! Must not repair anything.

pub mod checks;
pub mod digest;
mod files;
mod functions;
pub mod proof;
pub mod protection;
pub mod views;
