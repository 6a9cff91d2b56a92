//! Owns the dataset of memberships, which the fields of a territory cannot express: the communes of a perimeter or an
//! EPT, and the share of a commune that lies in several.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use crate::query::{Dataset, Field, Format, Kind, RowOrigin, Shape};

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "memberships",
    singular: "membership",
    title: "Appartenances",
    description: "A territory that belongs to a perimeter, or to another territory that its own fields do not name.",
    fields: &[
        Field::required("territory_code", Kind::Reference("territories"), "The perimeter.", "PER-bassin-minier"),
        Field::required("member_code", Kind::Reference("territories"), "The territory that belongs to it.", "COM-62498"),
        Field::required("share", Kind::Decimal, "The share of the member that belongs to it, above 0, at most 1.", "1")
            .format(Format::Share),
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["territory_code", "member_code"],
    territory: Some("member_code"),
    links: &[],
    relations: &[],
    own: &[],
    example: "PER-bassin-minier~COM-62498",
    rows: RowOrigin::Published,
    search: &[],
    shape: Shape::Plain,
    public: false,
};
