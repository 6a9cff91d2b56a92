//! Owns the dataset of indicators: what a figure counts, in which unit, and how its values may be combined.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{ADDITIVITIES, COMMITMENT_CODE, DIRECTIONS};
use crate::query::{Dataset, Field, Kind, Link, RowOrigin, Shape, Via};

/// The dataset.
pub static DATASET: Dataset = Dataset {
    name: "indicators",
    singular: "indicator",
    title: "Indicateurs",
    description: "The definition of a figure.",
    fields: &[
        Field::required("code", Kind::Code, "Code of the indicator.", "foyers-prime-activite"),
        Field::required("title", Kind::Text, "Its title, in French.", ""),
        Field::required("definition", Kind::Text, "What it counts, in French.", ""),
        Field::required("unit", Kind::Text, "The unit of its values, in French, singular.", "foyer"),
        Field::required("decimals", Kind::Integer { minimum: 0, maximum: 12 }, "Decimals that are meaningful.", "0"),
        Field::required("territory_additivity", Kind::Choice(ADDITIVITIES), "How values of several territories combine.", "sum"),
        Field::required("time_additivity", Kind::Choice(ADDITIVITIES), "How values of several periods combine.", "none"),
        Field::optional("weight_indicator_code", Kind::Reference("indicators"), "The indicator that weights a mean.", ""),
        Field::required("direction", Kind::Choice(DIRECTIONS), "Which way is good.", "up"),
        Field::optional("minimum", Kind::Decimal, "The smallest value that can be.", "0"),
        Field::optional("maximum", Kind::Decimal, "The largest value that can be.", "100"),
        COMMITMENT_CODE,
        Field::optional("measure_code", Kind::Reference("measures"), "The measure that it follows.", "points-conseil-budget"),
        Field::optional("convention_code", Kind::Reference("conventions"), "The convention that it follows.", ""),
        Field::optional("method", Kind::Text, "How values are obtained, in French.", ""),
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["code"],
    territory: None,
    links: &[Link {
        name: "observations",
        target: "observations",
        summary: "Its figures.",
        via: Via::Fields(&["indicator_code"]),
    }],
    own: &[],
    example: "foyers-prime-activite",
    rows: RowOrigin::Published,
    search: &["title", "definition", "method"],
    shape: Shape::Plain,
    public: true,
};
