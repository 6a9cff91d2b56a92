//! Owns the collection that a request asks: which rows there are, with which fields, reached in which way.
//! Must not know requests.

use super::operator::Operator;
use crate::query::model::dataset::{Dataset, Link};
use crate::query::model::field::{Field, Kind};

/// The collection that a request asks: a dataset, or the rows that a link leads to.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Every dataset, since fields refer to others.
    pub registry: &'static [&'static Dataset],
    /// The dataset of the rows.
    pub dataset: &'static Dataset,
    /// The link that leads to them.
    pub link: Option<&'static Link>,
    /// Fields that the link adds to the rows.
    pub extra: &'static [Field],
}

impl Context {
    /// All rows of a dataset.
    pub fn of(registry: &'static [&'static Dataset], dataset: &'static Dataset) -> Self {
        Self { registry, dataset, link: None, extra: &[] }
    }

    /// All fields of a row, in order.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.dataset.fields.iter().chain(self.extra)
    }

    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.name == name)
    }

    /// The dataset that a field refers to.
    pub fn referred(&self, field: &Field) -> Option<&'static Dataset> {
        let name = field.reference()?;
        self.registry.iter().copied().find(|dataset| dataset.name == name)
    }

    /// Whether the rows are territories themselves, which were others on other days.
    pub fn holds_territories(&self) -> bool {
        self.dataset.territory_field().is_some_and(|field| matches!(field.kind, Kind::Code))
    }

    /// The field that a range of periods is read from: what begins after, or ends before.
    pub fn bound(&self, operator: Operator) -> Option<&'static Field> {
        let last = match operator {
            Operator::Gt | Operator::Gte => false,
            Operator::Lt | Operator::Lte => true,
            _ => return None,
        };
        self.fields().find(|field| matches!(field.kind, Kind::PeriodBound { end } if end == last))
    }
}
