//! Owns the dataset of containments: which territory lies in which. Each release derives it from the territories and
//! memberships, so that `within`, ancestors and descendants are one look-up.
//!
//! An EPCI, EPT or perimeter is a set of communes. It lies in an area with the share of its inhabitants who live there,
//! since it can straddle a border.

use super::vocabulary::choice;
use crate::query::{Choice, Dataset, Derivation, Field, Kind, RowOrigin, Shape};

const ANSWERS: &[Choice] = &[
    choice("yes", "oui", "one step"),
    choice("no", "non", "several steps"),
    choice("self", "lui-même", "a territory in itself"),
];

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "containments",
    singular: "containment",
    title: "Inclusions",
    description: "A territory that lies in another, wholly or partly.",
    fields: &[
        Field::required("container_code", Kind::Reference("territories"), "The territory that contains the other.", "DEP-59"),
        Field::required("contained_code", Kind::Reference("territories"), "The territory that lies in the other.", "COM-59350"),
        Field::required(
            "share",
            Kind::Decimal,
            "The share of the inhabitants of the territory within who live in the territory around: 1 when it lies wholly in it.",
            "1",
        ),
        Field::required("direct", Kind::Choice(ANSWERS), "Whether one belongs to the other directly.", "yes"),
    ],
    key: &["container_code", "contained_code"],
    territory: None,
    links: &[],
    relations: &[],
    own: &[],
    example: "DEP-59~COM-59350",
    rows: RowOrigin::Derived { from: &["territories", "memberships"], by: Derivation::ContainmentClosure },
    search: &[],
    shape: Shape::Plain,
    public: false,
};
