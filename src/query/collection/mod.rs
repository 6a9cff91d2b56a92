//! Owns what a collection accepts: its fields, the parameters of its requests, operators and includes.
//! Must not know how a value of a parameter is read.

pub mod context;
pub mod include;
pub mod operator;
pub mod parameter;
