//! Owns the OpenAPI document, which is made from the list of endpoints and the table of fields.
//! Must not know how a request is answered.

pub mod bounds;
pub mod caching;
mod deprecated;
pub mod document;
pub mod failures;
pub mod operations;
pub mod parameters;
pub mod schemas;
pub mod versions;
