//! Owns connections to the database: how they are opened, pooled, monitored and replaced.
//! Must not know what a statement means.

pub mod availability;
pub mod config;
pub mod diesel_client;
pub mod export_pool;
pub mod health;
pub mod heavy_connections;
pub mod heavy_lane;
pub mod idle_connections;
pub mod planning;
pub mod pool;
pub mod reading_connection;
pub mod release_watcher;
pub mod replicas;
pub mod worker_connections;
