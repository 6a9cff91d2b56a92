//! Owns the operators of filters: which there are, how they are written, and which kinds of fields they suit.
//! Must not know how they are run.

use crate::query::model::field::{Field, Kind, Origin};

/// How a field is compared with what a filter gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `field=a,b`: holds any of the values.
    AnyOf,
    /// `field__in=a,b`: the same, spelled out.
    In,
    /// `field__ne=a,b`: has a value, and none of these.
    Ne,
    /// `field__gt=a`: greater.
    Gt,
    /// `field__gte=a`: greater or equal.
    Gte,
    /// `field__lt=a`: less.
    Lt,
    /// `field__lte=a`: less or equal.
    Lte,
    /// `field__contains=a`: the text stands in it, whatever accents and case.
    Contains,
    /// `field__startswith=a`: it begins with the text.
    StartsWith,
    /// `field__isnull=true`: has no value.
    IsNull,
}

/// Separates a field's name from an operator's.
pub const SEPARATOR: &str = "__";

impl Operator {
    /// Its name in a parameter; empty for the plain filter.
    pub fn name(self) -> &'static str {
        match self {
            Operator::AnyOf => "",
            Operator::In => "in",
            Operator::Ne => "ne",
            Operator::Gt => "gt",
            Operator::Gte => "gte",
            Operator::Lt => "lt",
            Operator::Lte => "lte",
            Operator::Contains => "contains",
            Operator::StartsWith => "startswith",
            Operator::IsNull => "isnull",
        }
    }

    /// What it selects, for the user of the data.
    pub fn meaning(self) -> &'static str {
        match self {
            Operator::AnyOf => "Rows with any of the values.",
            Operator::In => "Rows with any of the values; the same as the plain filter.",
            Operator::Ne => "Rows that have a value, and none of these.",
            Operator::Gt => "Rows with a greater value; of a period: those that begin after it has ended.",
            Operator::Gte => "Rows with this value or a greater; of a period: those that begin with it or later.",
            Operator::Lt => "Rows with a lesser value; of a period: those that end before it begins.",
            Operator::Lte => "Rows with this value or a lesser; of a period: those that end with it or earlier.",
            Operator::Contains => "Rows in whose text this stands, whatever accents and case.",
            Operator::StartsWith => "Rows whose text begins with this; of texts, whatever accents and case.",
            Operator::IsNull => "`true`: rows without a value; `false`: rows with one.",
        }
    }

    /// Whether it takes several values, separated by commas.
    pub fn takes_list(self) -> bool {
        matches!(self, Operator::AnyOf | Operator::In | Operator::Ne)
    }

    /// Whether its values are values of the field, to be read as such.
    pub fn takes_values(self) -> bool {
        !matches!(self, Operator::Contains | Operator::StartsWith | Operator::IsNull)
    }

    /// The operators that suit a field.
    pub fn of(field: &Field) -> Vec<Operator> {
        let mut all = Vec::new();
        if matches!(field.kind, Kind::Json { .. }) || matches!(field.origin, Origin::Named { .. }) {
            return all;
        }
        all.extend([Operator::AnyOf, Operator::In]);
        if matches!(field.kind, Kind::JoinedCode) {
            return all;
        }
        all.push(Operator::Ne);
        match field.kind {
            Kind::Integer { .. } | Kind::Decimal | Kind::Date | Kind::PeriodBound { .. } | Kind::Timestamp | Kind::Period => {
                all.extend([Operator::Gt, Operator::Gte, Operator::Lt, Operator::Lte]);
            }
            Kind::Text => all.extend([Operator::Contains, Operator::StartsWith]),
            Kind::Code | Kind::Reference(_) => all.push(Operator::StartsWith),
            _ => {}
        }
        if !field.required {
            all.push(Operator::IsNull);
        }
        all
    }
}
