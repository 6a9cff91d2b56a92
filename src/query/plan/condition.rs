//! Owns the condition of a filter on a field.
//! Must not know how it is read, nor how it becomes SQL.

use crate::query::collection::operator::Operator;
use crate::query::model::field::Field;

/// A filter: the rows whose field compares with the values as the operator says.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The field.
    pub field: &'static Field,
    /// The comparison.
    pub operator: Operator,
    /// The values in canonical form, sorted, without duplicates.
    pub values: Vec<String>,
}

impl Condition {
    /// The filter for rows whose field has any of the values.
    pub fn any_of(field: &'static Field, values: Vec<String>) -> Self {
        Self { field, operator: Operator::AnyOf, values }
    }

    /// Whether the values are values of the field, and so codes of rows if the field holds codes.
    pub fn takes_values(&self) -> bool {
        self.operator.takes_values()
    }

    /// Whether every row that it selects has the one value of the condition.
    pub fn is_single(&self) -> bool {
        self.operator == Operator::AnyOf && self.values.len() == 1
    }
}
