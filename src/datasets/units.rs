//! Owns the dataset of units: what the values of indicators count or measure.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::TITLE;
use crate::query::{Dataset, Field, Format, Kind, Link, RowOrigin, Shape, Stewardship, Storage, Via};

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "units",
    singular: "unit",
    title: "Unités",
    description: "A unit of figures: what is counted, or the measure of it.",
    fields: &[
        Field::required("code", Kind::Code, "Code of the unit.", "foyer").format(Format::Slug),
        Field::required("title", Kind::Text, "Its name, in French, singular.", "").format(TITLE),
        Field::required("title_plural", Kind::Text, "Its name, in French, plural.", "").format(TITLE),
        Field::optional("symbol", Kind::Text, "Its symbol, such as `€` or `%`.", "€").format(Format::Length(20)),
        Field { example: "nomenclatures-reperes", ..SOURCE_CODE },
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["code"],
    territory: None,
    links: &[Link {
        name: "indicators",
        target: "indicators",
        summary: "The indicators whose values are in it.",
        via: Via::Filter("unit_code"),
    }],
    relations: &[],
    own: &[],
    example: "foyer",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &["title", "title_plural"],
    stewardship: Stewardship::Definition,
    counted_under: &[],
    indexes: &[],
    shape: Shape::Plain,
    public: true,
};
