//! Repères: open data of the strategy against poverty in Hauts-de-France.
//!
//! An engine that knows no dataset, and one file a dataset on top. A dataset is described once, by a table of fields,
//! and that table drives the parser's whitelist, the SQL, the OpenAPI document, the answers and the loading of files.
//!
//! Everything is published in releases: a row is opened by one release and closed by another, never changed or
//! deleted, so that every answer can be reproduced.
//!
//! ```text
//! main          → cli
//! cli           → access app config datasets db http postgres publication publish query server
//! server        → app http keyed_permits metrics problem
//! config        → db http publish query
//! app           → datasets db http metrics publish
//! http          → access db format keyed_permits metrics problem publication publish query sharded_cache
//! publish       → access db keyed_permits metrics parquet_checksum problem publication query
//! db            → metrics publication query sharded_cache
//! datasets      → query
//! format        → parquet_checksum query
//! access        → query
//! query         → problem
//! metrics       → publication
//! publication   → problem
//! postgres      →
//! problem       →
//! sharded_cache →
//! keyed_permits →
//! parquet_checksum →
//! ```
//!
//! A module uses those that its arrow names, and no other; `tests/architecture` keeps it.

pub mod access;
pub mod app;
pub mod cli;
pub mod config;
pub mod datasets;
pub mod db;
pub mod format;
pub mod http;
pub mod keyed_permits;
pub mod metrics;
pub mod parquet_checksum;
pub mod postgres;
pub mod problem;
pub mod publication;
pub mod publish;
pub mod query;
pub mod server;
mod sharded_cache;
