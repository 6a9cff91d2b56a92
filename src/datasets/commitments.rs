//! Owns the dataset of commitments: what the strategy promises, and the ways of working it promises it by.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::choice;
use crate::query::{Choice, Dataset, Field, Kind, Link, RowOrigin, Shape, Via};

const KINDS: &[Choice] = &[
    choice("commitment", "one of the five commitments (engagements)"),
    choice("way_of_working", "one of the four new ways of working (mode de fonctionnement)"),
];

const fn under_it(name: &'static str, summary: &'static str) -> Link {
    Link { name, target: name, summary, via: Via::Fields(&["commitment_code"]) }
}

/// The dataset.
pub static DATASET: Dataset = Dataset {
    name: "commitments",
    singular: "commitment",
    title: "Engagements",
    description: "One of the strategy's five commitments, or of its four ways of working.",
    fields: &[
        Field::required("code", Kind::Code, "Code of the commitment.", "engagement-1"),
        Field::required("kind", Kind::Choice(KINDS), "Commitment or way of working.", "commitment"),
        Field::required("rank", Kind::Integer { minimum: 1, maximum: 99 }, "Its number in the document.", "1"),
        Field::required("title", Kind::Text, "Its title, in French.", ""),
        Field::required("summary", Kind::Text, "What it is, in French.", ""),
        Field::optional("objective", Kind::Text, "The aim stated, in French.", ""),
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["code"],
    territory: None,
    links: &[
        under_it("measures", "The measures that carry it."),
        under_it("conventions", "The conventions signed under it."),
        under_it("funding", "The money meant for it."),
        under_it("indicators", "The indicators that follow it."),
        under_it("events", "The events held under it."),
        Link {
            name: "observations",
            target: "observations",
            summary: "The figures of the indicators that follow it.",
            via: Via::Through { field: "indicator_code", through: "indicators", by: "commitment_code" },
        },
    ],
    own: &[],
    example: "engagement-1",
    rows: RowOrigin::Published,
    search: &["title", "summary", "objective"],
    shape: Shape::Plain,
    public: true,
};
