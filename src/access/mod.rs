//! Owns who may publish what: the tokens that keys are told by, and the scopes that they carry.
//! Must not know HTTP, SQL or where keys are kept.

mod scope;
mod token;

pub use crate::access::scope::{Rights, check_scope};
pub use crate::access::token::{Token, hash};
