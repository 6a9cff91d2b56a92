//! Owns the dataset of containments: which territory lies in which. Each release derives it from the territories and
//! memberships, so that `within`, ancestors and descendants are one look-up.
//!
//! An EPCI, EPT or perimeter is a set of communes. It lies in an area with the share of its inhabitants who live there,
//! since it can straddle a border.

use super::vocabulary::pair_code;
use crate::query::{Dataset, Derivation, Field, Kind, RowOrigin, Shape, Stewardship, Storage};

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "containments",
    singular: "containment",
    title: "Inclusions",
    description: "A territory that lies in another, wholly or partly, as `within` and `touching` read it. Each release derives the rows from the territories and the memberships of today; for another day, ancestors, descendants and members of a territory take `geography`. A territory is not a part of itself.",
    fields: &[
        pair_code("DEP-59~COM-59350"),
        Field::required("container_code", Kind::Reference("territories"), "The territory that contains the part.", "DEP-59"),
        Field::required("part_code", Kind::Reference("territories"), "The territory that lies in the container.", "COM-59350"),
        Field::required(
            "population_share",
            Kind::Decimal,
            "The share of the inhabitants of the part who live in the container: 1 when it lies wholly in it.",
            "1",
        ),
        Field::required(
            "direct",
            Kind::Boolean,
            "Whether the part belongs to the container in one step, as a commune to its département or to its EPCI.",
            "true",
        ),
    ],
    key: &["container_code", "part_code"],
    territory: Some("part_code"),
    links: &[],
    relations: &[],
    own: &[],
    example: "DEP-59~COM-59350",
    rows: RowOrigin::Derived { from: &["territories", "memberships"], by: Derivation::ContainmentClosure },
    storage: Storage::Table,
    search: &[],
    stewardship: Stewardship::Geography,
    counted_under: &[],
    indexes: &["part_code"],
    shape: Shape::Plain,
    public: true,
};
