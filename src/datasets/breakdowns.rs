//! Owns the dataset of breakdowns: the parts of a whole that figures count, along one or several dimensions.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::TITLE;
use crate::query::{Dataset, Field, Format, Kind, Link, RowOrigin, Shape, Stewardship, Storage, Via};

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "breakdowns",
    singular: "breakdown",
    title: "Ventilations",
    description: "A part of the whole that a figure counts, such as the women aged 18 to 24.",
    fields: &[
        Field::required(
            "code",
            Kind::Code,
            "Code of the breakdown: `_T` for the whole, or pairs `dimension.member` in the alphabetical order of their dimensions, \
             joined by `:`, such as `age.18-24:sexe.f`.",
            "_T",
        )
        .format(Format::Breakdown),
        Field::required("title", Kind::Text, "Its title, in French.", "").format(TITLE),
        Field::optional("parent_code", Kind::Reference("breakdowns"), "The breakdown of which it is a part.", "_T").acyclic(),
        Field { example: "nomenclatures-reperes", ..SOURCE_CODE },
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["code"],
    territory: None,
    links: &[
        Link {
            name: "parts",
            target: "breakdowns",
            summary: "The breakdowns that are parts of it.",
            via: Via::Filter("parent_code"),
        },
        Link {
            name: "observations",
            target: "observations",
            summary: "The figures of it.",
            via: Via::Filter("breakdown_code"),
        },
    ],
    relations: &[],
    own: &[],
    example: "_T",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &["title"],
    stewardship: Stewardship::Definition,
    counted_under: &[],
    indexes: &[],
    shape: Shape::Plain,
    public: true,
};
