//! Owns the representations: rows become bytes, one file a format.
//! Must not know HTTP or SQL.

pub mod json;
