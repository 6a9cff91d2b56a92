//! Owns the dataset of commitments: the promises of the strategy, and its new ways of working.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{TITLE, choice};
use crate::query::{Choice, Dataset, Field, Kind, Link, RowOrigin, Shape, Stewardship, Storage, Via};

const KINDS: &[Choice] = &[
    choice("commitment", "engagement", "one of the five commitments (engagements)"),
    choice("way_of_working", "mode de fonctionnement", "one of the four new ways of working (mode de fonctionnement)"),
];

const fn below(name: &'static str, summary: &'static str) -> Link {
    Link { name, target: name, summary, via: Via::Filter("commitment_code") }
}

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "commitments",
    singular: "commitment",
    title: "Engagements",
    description: "One of the strategy's five commitments, or of its four ways of working.",
    fields: &[
        Field::required("code", Kind::Code, "Code of the commitment.", "engagement-1"),
        Field::required("kind", Kind::Choice(KINDS), "Commitment or way of working.", "commitment"),
        Field::required("rank", Kind::Integer { minimum: 1, maximum: 99 }, "Its number in the document.", "1"),
        Field::required("title", Kind::Text, "Its title, in French.", "").format(TITLE),
        Field::required("summary", Kind::Text, "What it is, in French.", ""),
        Field::optional("objective", Kind::Text, "Its stated aim, in French.", ""),
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["code"],
    territory: None,
    links: &[
        below("measures", "The measures that implement it."),
        below("conventions", "The conventions signed under it."),
        below("funding", "The money for it."),
        below("indicators", "The indicators that measure its progress."),
        below("objectives", "What it is to reach, and by when."),
        below("events", "The events held under it."),
        Link {
            name: "observations",
            target: "observations",
            summary: "The figures of its indicators.",
            via: Via::Filter("commitment_code"),
        },
    ],
    relations: &[],
    own: &[],
    example: "engagement-1",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &["title", "summary", "objective"],
    stewardship: Stewardship::Content,
    counted_under: &[],
    indexes: &[],
    shape: Shape::Plain,
    public: true,
};
