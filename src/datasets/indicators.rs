//! Owns the dataset of indicators: the definition and unit of a figure, and how its values can be aggregated.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{ADDITIVITIES, COMMITMENT_CODE, DIRECTIONS, TITLE, UNIT_CODE, UNIT_MULTIPLIER};
use crate::query::{Dataset, Field, Kind, Link, RowOrigin, Shape, Stewardship, Storage, Via};

/// A field that says what figures mean: it never changes once the indicator has had figures.
const fn fixed(field: Field) -> Field {
    field.fixed_by("observations", "indicator_code")
}

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "indicators",
    singular: "indicator",
    title: "Indicateurs",
    description: "The definition of a figure.",
    fields: &[
        Field::required("code", Kind::Code, "Code of the indicator.", "foyers-prime-activite"),
        Field::required("title", Kind::Text, "Its title, in French.", "").format(TITLE),
        Field::required("definition", Kind::Text, "What it counts, in French.", ""),
        fixed(UNIT_CODE),
        fixed(UNIT_MULTIPLIER),
        Field::required("decimals", Kind::Integer { minimum: 0, maximum: 12 }, "The number of meaningful decimals.", "0"),
        fixed(Field::required(
            "territory_additivity",
            Kind::Choice(ADDITIVITIES),
            "How values of several territories can be aggregated.",
            "sum",
        )),
        fixed(Field::required(
            "time_additivity",
            Kind::Choice(ADDITIVITIES),
            "How values of several periods can be aggregated.",
            "none",
        )),
        fixed(Field::optional(
            "weight_indicator_code",
            Kind::Reference("indicators"),
            "The indicator whose values weight a mean.",
            "",
        )
        .acyclic()),
        Field::required("direction", Kind::Choice(DIRECTIONS), "Whether more or less is better.", "up"),
        Field::optional("minimum", Kind::Decimal, "The smallest possible value.", "0"),
        Field::optional("maximum", Kind::Decimal, "The largest possible value.", "100"),
        COMMITMENT_CODE,
        Field::optional(
            "measure_code",
            Kind::Reference("measures"),
            "The measure whose progress it measures.",
            "points-conseil-budget",
        ),
        Field::optional("convention_code", Kind::Reference("conventions"), "The convention whose progress it measures.", ""),
        Field::optional("method", Kind::Text, "How values are obtained, in French.", ""),
        Field::optional(
            "successor_code",
            Kind::Reference("indicators"),
            "The indicator that continues it. The unit, the multiplier, the additivities and the weight of an indicator with figures \
             never change: figures of another kind get an indicator of their own.",
            "",
        )
        .acyclic(),
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["code"],
    territory: None,
    links: &[
        Link { name: "observations", target: "observations", summary: "Its figures.", via: Via::Filter("indicator_code") },
        Link {
            name: "objectives",
            target: "objectives",
            summary: "The values that it is to reach.",
            via: Via::Filter("indicator_code"),
        },
    ],
    relations: &[],
    own: &[],
    example: "foyers-prime-activite",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &["title", "definition", "method"],
    stewardship: Stewardship::Definition,
    counted_under: &["measure_code", "convention_code", "commitment_code"],
    indexes: &["measure_code", "commitment_code", "convention_code"],
    shape: Shape::Plain,
    public: true,
};
