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
    Avg,
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
    pub const ALL: [Self; 5] = [Self::Sum, Self::Avg, Self::Min, Self::Max, Self::Count];

    /// Its name in requests and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
        }
    }

    /// Whether it makes a new value of several. Only additive values allow that.
    pub fn combines(self) -> bool {
        matches!(self, Self::Sum | Self::Avg)
    }
}
