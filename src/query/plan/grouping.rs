//! Owns what an aggregate asks: by what rows are gathered and what is computed of each group.
//! Must not know when an aggregate is honest: that depends on the rows.

use crate::query::collection::context::Context;
use crate::query::model::field::{Field, Kind};

/// The most fields that rows are gathered by.
pub const GROUP_FIELDS: usize = 6;

/// The most groups of one answer; more are refused rather than cut.
pub const GROUPS: i64 = 10_000;

/// How rows are gathered and what is computed of each group.
#[derive(Clone, Debug, Default)]
pub struct Grouping {
    /// The fields; none is one group of all rows.
    pub by: Vec<&'static Field>,
    /// What is computed.
    pub functions: Vec<Function>,
    /// Whether all territories named are one.
    pub rollup: bool,
}

/// What is computed of the values of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Their sum.
    Sum,
    /// Their mean, weighted where the indicator says so.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// How many rows there are, with and without a value.
    Count,
}

impl Grouping {
    /// Whether the least or the greatest value is computed.
    pub fn compares(&self) -> bool {
        self.functions.iter().any(|function| matches!(function, Function::Min | Function::Max))
    }

    /// Whether values are added up, group by group, as those of an indicator with weights may not be.
    pub fn sums(&self) -> bool {
        self.functions.contains(&Function::Sum) && !self.rollup
    }

    /// Whether values may have weights.
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

    /// Whether it puts several values together into a new one, which only additivity allows.
    pub fn combines(self) -> bool {
        matches!(self, Self::Sum | Self::Avg)
    }
}

impl Field {
    /// Whether its remaining choices can be counted.
    pub fn is_facet(&self) -> bool {
        let choices = matches!(self.kind, Kind::Choice(_) | Kind::ChoiceList(_) | Kind::Period | Kind::Integer { .. });
        (choices || self.reference().is_some()) && self.is_filterable()
    }
}

impl Context {
    /// Whether rows may be gathered by a field: those with few values, and the parts of a joined key.
    pub fn is_group(&self, field: &Field) -> bool {
        let single = !field.is_list() && !matches!(field.kind, Kind::Code | Kind::JoinedCode);
        let few = matches!(
            field.kind,
            Kind::Reference(_) | Kind::Choice(_) | Kind::Period | Kind::PeriodBound { .. } | Kind::Integer { .. }
        );
        single && field.is_filterable() && (few || self.dataset.key.contains(&field.name))
    }
}
