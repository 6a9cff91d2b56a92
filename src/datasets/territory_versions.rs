//! Owns the dataset of the states of territories: what a code named, from which day to which, and what made it begin and
//! end. A code that named two communes has a state for each; the figures of a year refer to the states of that year.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{KINDS, TERRITORY_EVENTS};
use crate::query::{Dataset, Field, Kind, RowOrigin, Shape};

const fn part_of(name: &'static str, description: &'static str, example: &'static str) -> Field {
    Field::optional(name, Kind::Reference("territories"), description, example)
}

const fn others(name: &'static str, description: &'static str, example: &'static str) -> Field {
    Field::optional(name, Kind::References("territories"), description, example)
}

/// The dataset.
pub static DATASET: Dataset = Dataset {
    name: "territory_versions",
    singular: "territory_version",
    title: "États successifs des territoires",
    description: "One state of a territory of the official geography: nothing of it changes from its first day until its last.",
    fields: &[
        Field::required(
            "code",
            Kind::JoinedCode,
            "The territory's code and the first day of the state, joined by `~`.",
            "COM-60054~2019-01-01",
        ),
        Field::required("territory_code", Kind::Reference("territories"), "The code that named it.", "COM-60054"),
        Field::required(
            "valid_from",
            Kind::Date,
            "Its first day. The history begins on 1943-01-01: what began then may be older. Since 2019 days are not known: 1 January of the first edition that has the state.",
            "2019-01-01",
        ),
        Field::optional(
            "valid_to",
            Kind::Date,
            "The day from which it is no more: the first day of what follows. Empty while it lasts.",
            "2021-01-01",
        ),
        Field::required("kind", Kind::Choice(KINDS), "What sort of territory it was.", "commune"),
        Field::required("name", Kind::Text, "Its name then, in French.", "Les Hauts Talican"),
        part_of("arrondissement_code", "The arrondissement that it lay in; known from 2019 on.", "ARR-601"),
        part_of("departement_code", "The département that it lay in.", "DEP-60"),
        part_of("region_code", "The region that a département lay in; that of a commune is its département's.", "REG-31"),
        part_of("epci_code", "The EPCI that a commune belonged to; known from 2019 on.", "EPCI-246000582"),
        Field::optional("start_event", Kind::Choice(TERRITORY_EVENTS), "What made it begin.", "32"),
        Field::optional("end_event", Kind::Choice(TERRITORY_EVENTS), "What made it end.", "10"),
        others("predecessor_codes", "The other territories that became it, or a part of it, on its first day.", "COM-60455"),
        others("successor_codes", "The other territories that it became, or became a part of, at its end.", "COM-59350"),
        Field { example: "insee-cog-historique-2019", ..SOURCE_CODE },
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["territory_code", "valid_from"],
    territory: Some("territory_code"),
    links: &[],
    own: &[],
    example: "COM-60054~2019-01-01",
    rows: RowOrigin::Published,
    search: &[],
    shape: Shape::Plain,
    public: true,
};
