//! Owns the checks that a publication must pass before it becomes a release.
//! Must not change rows.

pub mod permissions;
pub mod rows;
pub mod withdrawals;
