//! Owns publications that arrive over HTTP: where their files lie, the order in which they run, and the worker.
//! Must not know HTTP.

pub mod queued_publication;
pub mod submission_queue;
pub mod uploads;
pub mod worker;
