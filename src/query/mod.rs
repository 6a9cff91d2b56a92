//! Owns the request language: what a dataset is made of, and how a query string becomes a validated plan.
//! Pure: must not know actix, diesel or any one dataset; everything here can be tried without a server.

pub mod closest;
pub mod column;
pub mod cursor;
pub mod dataset;
pub mod field;
mod filter;
mod operator;
pub mod pairs;
pub mod period;
pub mod plan;
mod reader;
pub mod row;
pub mod value;

pub use column::Column;
pub use dataset::{Dataset, Direction, Link, Rows, Via};
pub use field::{Choice, Field, Kind, Origin};
pub use operator::Operator;
pub use plan::{Condition, Context, Plan, Scope, ScopeKind, SortTerm};
pub use row::Row;
