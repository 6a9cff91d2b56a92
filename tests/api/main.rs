//! Tests through the door that users come in by: HTTP requests to the real application on a real Postgres.

#![expect(unsafe_code, reason = "the harness calls atexit, and sets parent-death signals between fork and exec")]

#[path = "../harness/mod.rs"]
mod harness;

mod access;
mod aggregates;
mod cache;
mod changes;
mod configuration;
mod desk;
mod document;
mod failover;
mod faults;
mod feed;
mod files;
mod formats;
mod geography;
mod grammar;
mod handover;
mod history;
mod hostile;
mod intake;
mod keys;
mod logging;
mod metrics;
mod model;
mod notices;
mod operation;
mod operators;
mod pinned;
mod plans;
mod processes;
mod publishing;
mod questions;
mod rates;
mod refusals;
mod registry;
mod releases;
mod replicas;
mod rights;
mod series;
mod shortcut;
mod slowness;
mod startup;
mod strings;
mod time;
mod tour;
mod validators;
mod vintages;
mod workers;
