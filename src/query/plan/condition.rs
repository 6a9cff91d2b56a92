//! Owns one condition that a request sets on a field.
//! Must not know how it is read nor how rows are found.

use crate::query::collection::operator::Operator;
use crate::query::model::field::Field;

/// Rows whose field compares so with the values.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The field.
    pub field: &'static Field,
    /// How it is compared.
    pub operator: Operator,
    /// The values, canonical, sorted, without doubles.
    pub values: Vec<String>,
}

impl Condition {
    /// Rows whose field has any of the values.
    pub fn any_of(field: &'static Field, values: Vec<String>) -> Self {
        Self { field, operator: Operator::AnyOf, values }
    }

    /// Whether the values are codes of rows that must exist.
    pub fn names_rows(&self) -> bool {
        self.operator.takes_values()
    }

    /// Whether each row that it selects has the one value that it names.
    pub fn is_single(&self) -> bool {
        matches!(self.operator, Operator::AnyOf | Operator::In) && self.values.len() == 1
    }
}
