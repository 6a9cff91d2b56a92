//! Owns the operators of filters: their names, their meanings, and the kinds of fields that they apply to.
//! Must not know how they become SQL.

use crate::query::model::field::{Field, FieldOrigin, Kind};

/// How a filter compares a field with its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `field=a,b`: holds any of the values.
    AnyOf,
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
    /// `period__overlaps=a`: has a day in common with the period; of a last day: is not before the day, or is open.
    Overlaps,
    /// `field__contains=a`: contains the text, without regard to accents and case.
    Contains,
    /// `field__startswith=a`: begins with the text.
    StartsWith,
    /// `field__isnull=true`: has no value.
    IsNull,
}

/// Stands between the names of a field and an operator: `period__gte`.
pub const SEPARATOR: &str = "__";

impl Operator {
    /// Every operator, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::AnyOf,
        Self::Ne,
        Self::Gt,
        Self::Gte,
        Self::Lt,
        Self::Lte,
        Self::Overlaps,
        Self::Contains,
        Self::StartsWith,
        Self::IsNull,
    ];

    /// Its name in a parameter, empty for [`Operator::AnyOf`].
    pub fn name(self) -> &'static str {
        match self {
            Operator::AnyOf => "",
            Operator::Ne => "ne",
            Operator::Gt => "gt",
            Operator::Gte => "gte",
            Operator::Lt => "lt",
            Operator::Lte => "lte",
            Operator::Overlaps => "overlaps",
            Operator::Contains => "contains",
            Operator::StartsWith => "startswith",
            Operator::IsNull => "isnull",
        }
    }

    /// What it selects, for the OpenAPI document.
    pub fn meaning(self) -> &'static str {
        match self {
            Operator::AnyOf => "Rows with any of the values.",
            Operator::Ne => "Rows that have a value, and none of these.",
            Operator::Gt => "Rows with a greater value; of a period: those that begin after it has ended.",
            Operator::Gte => "Rows with this value or a greater one; of a period: those that begin with it or later.",
            Operator::Lt => "Rows with a lesser value; of a period: those that end before it begins.",
            Operator::Lte => "Rows with this value or a lesser one; of a period: those that end with it or earlier.",
            Operator::Overlaps => {
                "Rows whose period has a day in common with this one: with a day, what is in force on it. An open period (`2019-05-25/..`) goes on, and a month that only begins it counts from its first day."
            }
            Operator::Contains => "Rows whose text contains this, without regard to accents and case.",
            Operator::StartsWith => "Rows whose text begins with this; free text is compared without regard to accents and case.",
            Operator::IsNull => "`true`: rows without a value, or with an empty list; `false`: rows with one.",
        }
    }

    /// Whether it takes several values, separated by commas.
    pub fn takes_list(self) -> bool {
        matches!(self, Operator::AnyOf | Operator::Ne)
    }

    /// Whether its values are values of the field. The others take a piece of text or a boolean.
    pub fn takes_values(self) -> bool {
        !matches!(self, Operator::Contains | Operator::StartsWith | Operator::IsNull)
    }

    /// Whether a filter on a field can use it.
    fn suits(self, field: &Field) -> bool {
        match field.kind {
            Kind::Json { .. } => return false,
            Kind::JoinedCode => return self == Operator::AnyOf,
            _ if matches!(field.origin, FieldOrigin::Named { .. } | FieldOrigin::Computed) => return false,
            _ => {}
        }
        match self {
            Operator::AnyOf | Operator::Ne => true,
            Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte => matches!(
                field.kind,
                Kind::Integer { .. } | Kind::Decimal | Kind::Date | Kind::PeriodBound { .. } | Kind::Timestamp | Kind::Period
            ),
            Operator::Overlaps => matches!(field.kind, Kind::Period),
            Operator::Contains => matches!(field.kind, Kind::Text),
            Operator::StartsWith => matches!(field.kind, Kind::Text | Kind::Code | Kind::Reference(_)),
            Operator::IsNull => !field.required,
        }
    }

    /// The operators of the filters on a field, in the order of the documentation.
    pub fn of(field: &Field) -> impl Iterator<Item = Operator> + use<'_> {
        Self::ALL.into_iter().filter(|operator| operator.suits(field))
    }
}

#[cfg(test)]
mod tests {
    use super::Operator::{self, AnyOf, Contains, Gt, Gte, IsNull, Lt, Lte, Ne, Overlaps, StartsWith};
    use crate::query::model::field::{Field, FieldOrigin, Kind};

    #[test]
    fn each_kind_of_field_has_the_operators_that_suit_it() {
        let integer = Kind::Integer { minimum: 0, maximum: 9 };
        for (kind, operators) in [
            (Kind::Text, &[AnyOf, Ne, Contains, StartsWith][..]),
            (Kind::Code, &[AnyOf, Ne, StartsWith]),
            (Kind::Reference("territories"), &[AnyOf, Ne, StartsWith]),
            (Kind::JoinedCode, &[AnyOf]),
            (Kind::TextList, &[AnyOf, Ne]),
            (Kind::Boolean, &[AnyOf, Ne]),
            (integer, &[AnyOf, Ne, Gt, Gte, Lt, Lte]),
            (Kind::Period, &[AnyOf, Ne, Gt, Gte, Lt, Lte, Overlaps]),
            (Kind::Json { array: false }, &[]),
        ] {
            assert_eq!(Operator::of(&Field::required("field", kind, "", "")).collect::<Vec<_>>(), operators, "{kind:?}");
        }
    }

    #[test]
    fn only_optional_fields_may_be_null_and_repeated_fields_are_not_filtered() {
        let optional = Field::optional("field", Kind::Decimal, "", "");
        assert_eq!(Operator::of(&optional).last(), Some(IsNull));
        let named = Field { origin: FieldOrigin::Named { by: "code", dataset: "indicators" }, ..optional };
        assert_eq!(Operator::of(&named).collect::<Vec<_>>(), []);
    }
}
