//! Tests through the door that users come in by: HTTP requests to the real application on a real Postgres.

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
mod model;
mod notices;
mod operation;
mod operators;
mod pinned;
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
