//! Repères: open data of the strategy against poverty in Hauts-de-France.
//!
//! An engine that knows no dataset, and one file a dataset on top. A dataset is described once, by a table of fields,
//! and that table drives the parser's whitelist, the SQL, the OpenAPI document, the answers and the loading of files.
//!
//! Everything is published in releases: a row is opened by one release and closed by another, never changed or
//! deleted, so that any answer can be had again as it was.
//!
//! ```text
//! main → cli → server → app → datasets
//!                        app → http → { publish, db, format } → query → problem
//!         cli → publish → db
//!         { cli, http, publish } → access → query
//!         { app, http, publish, db } → metrics
//!         { http, db } → sharded_cache
//!         cli → { config, postgres }
//! ```
//!
//! Arrows are the only direction in which modules may use each other; `tests/architecture.rs` keeps it.

pub mod access;
pub mod app;
pub mod cli;
pub mod config;
pub mod datasets;
pub mod db;
pub mod format;
pub mod http;
pub mod metrics;
pub mod postgres;
pub mod problem;
pub mod publish;
pub mod query;
pub mod server;
mod sharded_cache;
