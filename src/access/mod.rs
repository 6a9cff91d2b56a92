//! Owns the authorisation to publish: API tokens, and the scopes of their keys.
//! Must not know HTTP, SQL or where keys are kept.

mod scope;
mod token;

pub use crate::access::scope::{Rights, Scope};
pub use crate::access::token::{Token, hash};
