//! Owns the fields that a group of rows has besides those that it is grouped by.
//! Must not know how groups are read.

use super::field::{Field, FieldOrigin, Kind};

/// The field that qualifies the values of rows, and the value of a group.
pub const QUALIFIER: &str = "qualifier";

const NUMBER: Kind = Kind::Integer { minimum: 0, maximum: i64::MAX };

const fn computed(name: &'static str, kind: Kind, description: &'static str) -> Field {
    Field { origin: FieldOrigin::Computed, ..Field::optional(name, kind, description, "") }
}

const fn number(name: &'static str, description: &'static str) -> Field {
    Field { required: true, ..computed(name, NUMBER, description) }
}

/// What is computed for a group: one field for each function.
pub static FUNCTIONS: [Field; 6] = [
    computed("sum", Kind::Decimal, "The sum of the values, with `function=sum`."),
    computed("mean", Kind::Decimal, "The mean of the values, weighted if the indicator says so, with `function=mean`."),
    computed("min", Kind::Decimal, "The least value, with `function=min`."),
    computed("max", Kind::Decimal, "The greatest value, with `function=max`."),
    number("count", "The number of rows, with and without a value, with `function=count`."),
    computed("value", Kind::Decimal, "The value of the territories together, by the rule of the indicator, with `function=own`."),
];

/// What every group says about the rows behind it.
pub static FACTS: [Field; 6] = [
    computed("weakest_status", Kind::Text, "The weakest of the statuses of its rows (SDMX, CL_OBS_STATUS)."),
    number(
        "expected",
        "The number of values that the group would have if none were missing: of each kind of figure (indicator, breakdown, \
         nature, source, length of period), one for every territory at every period of the selection; with `function=own` one for \
         each member; else, and of money, one for each row. Rows that cannot have a value (`M`) are not expected.",
    ),
    number("present", "The number of values in the group; in a weighted mean, those that have a weight."),
    number("suppressed", "The number of values that statistical secrecy withholds. With exactly one, the results are null."),
    number("missing", "`expected` without `present` and `suppressed`."),
    computed("coverage", Kind::Decimal, "`present` as a share of `expected`, with four decimals; null if nothing is expected."),
];

/// Whether only groups of observations have the field: money has no rule of its own and no statuses.
pub fn is_of_observations(field: &Field) -> bool {
    matches!(field.name, "value" | "weakest_status")
}
