//! Owns the request language: what a dataset is made of, and how a query string becomes a validated plan.
//! Pure: must not know actix, diesel or any one dataset; everything here can be tried without a server.

pub mod additivity;
pub mod as_of;
pub mod changes;
pub mod column;
pub mod condition;
pub mod context;
pub mod cursor;
pub mod dataset;
pub mod field;
mod filter;
pub mod grouping;
pub mod include;
mod operator;
pub mod pairs;
pub mod parameter;
pub mod period;
pub mod plan;
mod plan_hints;
pub mod presentation;
mod reader;
pub mod reading;
pub mod representation;
pub mod row;
pub mod selection;
pub mod suggest;
pub mod value;
pub mod vintage;

pub use as_of::Release;
pub use changes::Changes;
pub use column::Column;
pub use condition::Condition;
pub use context::Context;
pub use dataset::{Dataset, Direction, Link, Rows, Shape, Via};
pub use field::{Choice, Field, Format, Kind, Origin};
pub use grouping::{Function, Grouping};
pub use include::Include;
pub use operator::Operator;
pub use parameter::Parameter;
pub use plan::{Plan, ResolvedPlan};
pub use presentation::{Count, Labels, Presentation};
pub use reading::{By, Reading, SortTerm};
pub use representation::Representation;
pub use row::Row;
pub use selection::{Place, Scope, ScopeKind, Selection};
pub use vintage::Vintages;
