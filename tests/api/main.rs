//! Tests of the whole program: HTTP requests to the real application on a real Postgres.

#![expect(unsafe_code, reason = "the harness calls atexit, and sets parent-death signals between fork and exec")]

#[path = "../harness/mod.rs"]
mod harness;

mod aggregates;
mod as_of;
mod as_published;
mod authorization;
mod bundled;
mod cache;
mod changes;
mod configuration;
mod containments;
mod database_roles;
mod document;
mod documents;
mod failover;
mod feed;
mod files;
mod folding;
mod formats;
mod geography;
mod grammar;
mod handover;
mod history;
mod http_in_texts;
mod isolation;
mod keys;
mod logging;
mod maintenance;
mod metrics;
mod notices;
mod operators;
mod outages;
mod pairs;
mod pinned_links;
mod processes;
mod publication_queue;
mod publishing_files;
mod publishing_http;
mod query_plans;
mod query_strings;
mod random_requests;
mod rate_limits;
mod reference_answers;
mod refusals;
mod registry;
mod relations;
mod releases;
mod replicas;
mod request_index;
mod request_limits;
mod schema;
mod startup;
mod statements;
mod territories;
mod time_series;
mod timeouts;
mod tour;
mod validators;
mod versions;
mod workers;
