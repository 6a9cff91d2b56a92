//! Owns the checks that a publication must pass before it becomes a release.
//! Must not change rows.

mod cycles;
pub mod manifest_texts;
pub mod permissions;
pub mod rows;
pub mod structure;
pub mod withdrawals;
