//! Owns the dataset of memberships, which the fields of a territory cannot express: the communes of a perimeter or an
//! EPT, and the share of a commune that lies in several.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{MEMBERSHIP, pair_code};
use crate::query::{Dataset, Field, Format, Kind, RowOrigin, Shape, Stewardship, Storage};

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "memberships",
    singular: "membership",
    title: "Appartenances",
    description: "A territory that belongs to another which its own fields do not name: a commune to a perimeter of the strategy or to an EPT. What lies in what, memberships included, is in `containments`.",
    fields: &[
        pair_code("PER-bassin-minier~COM-62498"),
        Field::required("container_code", Kind::Reference("territories"), "The perimeter, or the EPT.", "PER-bassin-minier")
            .containment(MEMBERSHIP),
        Field::required("part_code", Kind::Reference("territories"), "The territory that belongs to it, its part.", "COM-62498"),
        Field::required(
            "population_share",
            Kind::Decimal,
            "The share of its inhabitants that belongs to it, above 0, at most 1.",
            "1",
        )
        .format(Format::Share),
        Field { example: "insee-cog-2026", ..SOURCE_CODE },
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["container_code", "part_code"],
    territory: Some("part_code"),
    links: &[],
    relations: &[],
    own: &[],
    example: "PER-bassin-minier~COM-62498",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &[],
    stewardship: Stewardship::Geography,
    counted_under: &[],
    indexes: &["part_code", "source_code"],
    shape: Shape::Plain,
    public: true,
};
