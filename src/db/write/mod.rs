//! Owns writing: releases, staged rows, records of files, keys, submissions and the audit log.
//! Must not know file formats or HTTP.

pub mod api_keys;
pub mod attempts;
pub mod audit;
pub mod compare_staged;
pub mod derivation;
pub mod dry_run;
pub mod figure_checks;
pub mod file_records;
pub mod fixed_values;
pub mod merge;
mod merge_target;
pub mod release_writer;
pub mod staging;
pub mod structure_checks;
pub mod submissions;
pub mod touched_sources;
pub mod withdrawals;
