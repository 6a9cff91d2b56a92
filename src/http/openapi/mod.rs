//! Owns the OpenAPI document, which is made from the list of endpoints and the table of fields.
//! Must not know how a request is answered.

pub mod answers;
pub mod bounds;
pub mod custom;
mod deprecated;
pub mod document;
pub mod endpoints;
pub mod filters;
pub mod headers;
pub mod names;
pub mod operations;
pub mod ordered;
pub mod parameters;
pub mod responses;
pub mod schemas;
pub mod shared;
