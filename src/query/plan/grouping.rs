//! Owns the aggregation that a request asks for: the fields that rows are grouped by, and the functions of each group.
//! Must not know whether the values of a group can be added: that depends on the rows.

use crate::query::model::field::Field;

/// The most fields of `group_by`.
pub const GROUP_FIELDS: usize = 6;

/// The most groups of one answer. A request for more is refused, never cut short.
pub const GROUPS: i64 = 10_000;

/// How rows are grouped, and what is computed for each group.
#[derive(Clone, Debug, Default)]
pub struct Grouping {
    /// The fields. Without any, all rows are one group.
    pub by: Vec<&'static Field>,
    /// The functions that are computed for each group.
    pub functions: Vec<Function>,
    /// Whether all territories of the request are one group.
    pub rollup: bool,
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
}

impl Grouping {
    /// Whether `min` or `max` is computed.
    pub fn compares(&self) -> bool {
        self.functions.iter().any(|function| matches!(function, Function::Min | Function::Max))
    }

    /// Whether values are added in each group. Values of an indicator with weights must not be.
    pub fn sums(&self) -> bool {
        self.functions.contains(&Function::Sum) && !self.rollup
    }

    /// Whether the values of the request can be weighted.
    pub fn may_weight(&self) -> bool {
        !self.sums()
    }
}

impl Function {
    /// Every function.
    pub const ALL: [Self; 5] = [Self::Sum, Self::Mean, Self::Min, Self::Max, Self::Count];

    /// Its name in requests and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
        }
    }

    /// Whether it makes a new value of several. Only additive values allow that.
    pub fn combines(self) -> bool {
        matches!(self, Self::Sum | Self::Mean)
    }
}

#[cfg(test)]
mod tests {
    use super::{Function, Grouping};
    use crate::query::model::field::{Field, Kind};

    #[test]
    fn values_are_added_only_by_a_sum_that_is_no_rollup() {
        let grouping = |functions: &[Function], rollup| Grouping { by: Vec::new(), functions: functions.to_vec(), rollup };
        let sums = grouping(&[Function::Count, Function::Sum], false);
        assert_eq!((sums.sums(), sums.may_weight(), sums.compares()), (true, false, false));
        let rollup = grouping(&[Function::Sum], true);
        assert_eq!((rollup.sums(), rollup.may_weight()), (false, true));
        assert!(grouping(&[Function::Min], false).compares() && grouping(&[Function::Max], false).compares());
    }

    #[test]
    fn sums_and_means_combine_values_and_extremes_and_counts_do_not() {
        let combining: Vec<&str> = Function::ALL.into_iter().filter(|one| one.combines()).map(Function::name).collect();
        assert_eq!(combining, ["sum", "mean"]);
        assert_eq!(Function::ALL.map(Function::name), ["sum", "mean", "min", "max", "count"]);
    }

    #[test]
    fn facets_are_fields_of_few_values() {
        let is_facet = |kind| Field::optional("field", kind, "", "").is_facet();
        assert!(is_facet(Kind::Period) && is_facet(Kind::Choice(&[])) && is_facet(Kind::Reference("territories")));
        assert!(!is_facet(Kind::Text) && !is_facet(Kind::Decimal) && !is_facet(Kind::Json { array: true }));
    }
}
