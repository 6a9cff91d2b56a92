//! Owns the aggregation that a request asks for: the fields that rows are grouped by, and the functions of each group.
//! Must not know whether the values of a group can be added: that depends on the rows.

use crate::query::collection::context::Context;
use crate::query::model::aggregate;
use crate::query::model::dataset::Shape;
use crate::query::model::field::{Field, FieldOrigin};

/// The most fields of `by`.
pub const GROUP_FIELDS: usize = 6;

/// The most groups of one request. A request for more is refused, never cut short.
pub const GROUPS: i64 = 10_000;

/// How rows are grouped, and what is computed for each group.
#[derive(Clone, Debug, Default)]
pub struct Grouping {
    /// The fields. Without any, all rows are one group.
    pub by: Vec<&'static Field>,
    /// The functions that are computed for each group.
    pub functions: Vec<Function>,
}

/// A function of the values of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Their sum.
    Sum,
    /// Their mean, weighted if the indicator says so.
    Mean,
    /// The least value.
    Min,
    /// The greatest value.
    Max,
    /// The number of rows, with and without a value.
    Count,
    /// The rule of the indicator itself, for all territories of the request together.
    Own,
}

impl Grouping {
    /// Whether `min` or `max` is computed.
    pub fn compares(&self) -> bool {
        self.functions.iter().any(|function| matches!(function, Function::Min | Function::Max))
    }

    /// Whether values are added in each group. Values of an indicator with weights must not be.
    pub fn sums(&self) -> bool {
        self.functions.contains(&Function::Sum)
    }

    /// Whether the values of the request can be weighted. Extremes and numbers of rows have no weights.
    pub fn may_weight(&self) -> bool {
        !self.sums() && self.functions.iter().any(|function| function.combines())
    }

    /// Whether all territories of the request are one group, by the rule of each indicator.
    pub fn is_own(&self) -> bool {
        self.functions.contains(&Function::Own)
    }

    /// Whether each group has a field: those that it is grouped by, those of the indicator, and what is computed.
    pub fn has(&self, field: &Field) -> bool {
        let function = aggregate::FUNCTIONS.iter().any(|one| std::ptr::eq(one, field));
        match field.origin {
            FieldOrigin::Computed if function => self.functions.iter().any(|one| one.member() == field.name),
            FieldOrigin::Computed | FieldOrigin::Named { .. } => true,
            _ => field.name == aggregate::QUALIFIER || self.by.iter().any(|by| std::ptr::eq(*by, field)),
        }
    }

    /// The fields of each group, in order.
    pub fn fields(&self, context: Context) -> Vec<&'static Field> {
        let is_by = |field: &Field| self.by.iter().any(|by| std::ptr::eq(*by, field));
        let more = context.shown_fields().into_iter().filter(|field| self.has(field) && !is_by(field));
        self.by.iter().copied().chain(more).collect()
    }
}

impl Function {
    /// Every function.
    pub const ALL: [Self; 6] = [Self::Sum, Self::Mean, Self::Min, Self::Max, Self::Count, Self::Own];

    /// The functions of a kind of rows: only indicators have a rule of their own.
    pub fn of(shape: Shape) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |function| *function != Self::Own || shape == Shape::Observations)
    }

    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
            Self::Own => "own",
        }
    }

    /// The field of its result.
    pub fn member(self) -> &'static str {
        match self {
            Self::Own => "value",
            other => other.name(),
        }
    }

    /// Whether it makes a new value of several. Only additive values allow that.
    pub fn combines(self) -> bool {
        matches!(self, Self::Sum | Self::Mean | Self::Own)
    }
}

#[cfg(test)]
mod tests {
    use super::{Function, Grouping};
    use crate::query::model::field::{Field, Kind};

    #[test]
    fn values_are_added_only_by_a_sum() {
        let grouping = |functions: &[Function]| Grouping { by: Vec::new(), functions: functions.to_vec() };
        let sums = grouping(&[Function::Count, Function::Sum]);
        assert_eq!((sums.sums(), sums.may_weight(), sums.compares(), sums.is_own()), (true, false, false, false));
        let own = grouping(&[Function::Own]);
        assert_eq!((own.sums(), own.may_weight(), own.is_own()), (false, true, true));
        assert!(grouping(&[Function::Min]).compares() && grouping(&[Function::Max]).compares());
        let weighted = |functions: &[Function]| grouping(functions).may_weight();
        assert!(weighted(&[Function::Mean, Function::Count]) && !weighted(&[Function::Min, Function::Count]));
    }

    #[test]
    fn sums_and_means_combine_values_and_extremes_and_counts_do_not() {
        let combining: Vec<&str> = Function::ALL.into_iter().filter(|one| one.combines()).map(Function::name).collect();
        assert_eq!(combining, ["sum", "mean", "own"]);
        assert_eq!(Function::ALL.map(Function::name), ["sum", "mean", "min", "max", "count", "own"]);
        assert_eq!(Function::ALL.map(Function::member), ["sum", "mean", "min", "max", "count", "value"]);
    }

    #[test]
    fn facets_are_fields_of_few_values() {
        let is_facet = |kind| Field::optional("field", kind, "", "").is_facet();
        assert!(is_facet(Kind::Period) && is_facet(Kind::Choice(&[])) && is_facet(Kind::Reference("territories")));
        assert!(!is_facet(Kind::Text) && !is_facet(Kind::Decimal) && !is_facet(Kind::Json { array: true }));
    }
}
