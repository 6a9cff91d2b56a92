//! Owns the query language: the model of datasets, and the way from a query string to a validated plan.
//!
//! `model` describes data, `collection` what a collection accepts, `plan` is a validated request, and `parse` makes
//! plans. Each uses only those before it. Pure code: must not know actix, diesel or any one dataset.

pub mod collection;
pub mod fold;
pub mod model;
pub mod pairs;
pub mod parse;
pub mod plan;
pub mod suggest;

pub use collection::context::Context;
pub use collection::include::Include;
pub use collection::operator::Operator;
pub use collection::parameter::Parameter;
pub use model::column::Column;
pub use model::dataset::{Dataset, Derivation, RowOrigin, Shape, Stewardship, Storage};
pub use model::field::{Choice, Containment, Field, FieldOrigin, Kind};
pub use model::format::{Format, Side};
pub use model::link::{Direction, Link, Relation, RelationPath, Via};
pub use model::representation::Representation;
pub use model::row::{Row, RowView, Rows};
pub use plan::as_of::Release;
pub use plan::changes::Changes;
pub use plan::condition::Condition;
pub use plan::cost::{HeavyKind, ReadCost};
pub use plan::grouping::{Function, Grouping};
pub use plan::presentation::{Count, Presentation};
pub use plan::reading::{Reading, SortKey, SortTerm};
pub use plan::selection::{RelationFilter, ScopeKind, Selection, SpatialFilter, TerritoryScope};
pub use plan::vintage::Vintages;
pub use plan::{Plan, ResolvedPlan};
