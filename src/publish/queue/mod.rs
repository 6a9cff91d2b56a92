//! Owns the queue of publications that arrive over HTTP: their folders, their order, and the worker.
//! Must not know HTTP.

pub mod attempt;
pub mod over_limit;
pub mod queued_publication;
pub mod submission_queue;
pub mod uploads;
pub mod worker;
