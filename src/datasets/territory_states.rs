//! Owns the dataset of the states of territories: the territory that a code named between two days, and the events at
//! its beginning and end. A code that named two communes has a state for each. The figures of a year refer to the
//! states of that year.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{IN_ARRONDISSEMENT, IN_DEPARTEMENT, IN_EPCI, IN_REGION, KINDS, TERRITORY_EVENTS, TITLE};
use crate::query::{Dataset, Field, Kind, RowOrigin, Shape, Stewardship, Storage};

const fn part_of(name: &'static str, description: &'static str, example: &'static str) -> Field {
    Field::optional(name, Kind::Reference("territories"), description, example)
}

const fn others(name: &'static str, description: &'static str, example: &'static str) -> Field {
    Field::optional(name, Kind::References("territories"), description, example)
}

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "territory_states",
    singular: "territory_state",
    title: "États successifs des territoires",
    description: "One state of a territory of the official geography. It does not change from its first to its last day.",
    fields: &[
        Field::required(
            "code",
            Kind::JoinedCode,
            "The territory's code and the first day of the state, joined by `~`.",
            "COM-60054~2019-01-01",
        ),
        Field::required("territory_code", Kind::Reference("territories"), "The code of the territory.", "COM-60054"),
        Field::required(
            "valid_from",
            Kind::Date,
            "Its first day. The history begins on 1943-01-01, which can stand for an earlier day. Since 2019 days are not known; it is 1 January of the first edition with the state.",
            "2019-01-01",
        ),
        Field::optional(
            "valid_until",
            Kind::Date,
            "The first day of the state that follows. Empty if it still lasts.",
            "2021-01-01",
        ),
        Field::required("kind", Kind::Choice(KINDS), "What it was.", "commune"),
        Field::required("name", Kind::Text, "Its name at the time, in French.", "Les Hauts Talican").format(TITLE),
        part_of("arrondissement_code", "The arrondissement in which it lay, known from 2019 on.", "ARR-601")
            .containment(IN_ARRONDISSEMENT),
        part_of("departement_code", "The département in which it lay.", "DEP-60").containment(IN_DEPARTEMENT),
        part_of("region_code", "The region in which a département lay. A commune has the region of its département.", "REG-31")
            .containment(IN_REGION),
        part_of("epci_code", "The EPCI to which a commune belonged, known from 2019 on.", "EPCI-246000582").containment(IN_EPCI),
        Field::optional(
            "start_event_code",
            Kind::Choice(TERRITORY_EVENTS),
            "The event that began it: INSEE's code (MOD), or one of our own words `epci`, `arrondissement`, `reform` for what INSEE gives no code.",
            "32",
        ),
        Field::optional(
            "end_event_code",
            Kind::Choice(TERRITORY_EVENTS),
            "The event that ended it; the same words as `start_event_code`.",
            "10",
        ),
        others(
            "predecessor_codes",
            "The other territories that became it, or became a part of it, on its first day.",
            "COM-60455",
        ),
        others("successor_codes", "The other territories that it became, or became a part of, at its end.", "COM-59350"),
        Field { example: "insee-cog-historique-2019", ..SOURCE_CODE },
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["territory_code", "valid_from"],
    territory: Some("territory_code"),
    links: &[],
    relations: &[],
    own: &[],
    example: "COM-60054~2019-01-01",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &[],
    stewardship: Stewardship::Geography,
    counted_under: &[],
    indexes: &["departement_code", "epci_code", "arrondissement_code", "region_code", "source_code"],
    shape: Shape::Plain,
    public: true,
};
