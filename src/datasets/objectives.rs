//! Owns the dataset of objectives: the value that an indicator is to reach, from which baseline, and by when.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{COMMITMENT_CODE, QUALIFIERS, STATUSES, TITLE};
use crate::query::{Dataset, Field, Kind, RowOrigin, Shape, Stewardship, Storage};

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "objectives",
    singular: "objective",
    title: "Objectifs",
    description: "What an indicator is to reach: from which baseline, to which value, by when. Values are in the unit of the indicator; its figures say what was reached.",
    fields: &[
        Field::required("code", Kind::Code, "Code of the objective.", "points-conseil-budget-2020"),
        Field::required("title", Kind::Text, "What is to be reached, in French.", "").format(TITLE),
        Field { example: "engagement-2", ..COMMITMENT_CODE },
        Field::optional("measure_code", Kind::Reference("measures"), "The measure that is to reach it.", "points-conseil-budget"),
        Field::required(
            "indicator_code",
            Kind::Reference("indicators"),
            "The indicator whose figures say what was reached.",
            "points-conseil-budget",
        ),
        Field::required(
            "territory_codes",
            Kind::References("territories"),
            "The territories in which it is to be reached.",
            "REG-32",
        ),
        Field::optional(
            "baseline_value",
            Kind::Decimal,
            "The value at the start. If it is empty, `baseline_status` says why.",
            "35",
        ),
        Field::optional("baseline_qualifier", Kind::Choice(QUALIFIERS), "How the source qualifies the baseline.", "exact"),
        Field::optional("baseline_period", Kind::Period, "The period of the baseline, ISO 8601.", "2019-12"),
        Field::optional("baseline_status", Kind::Choice(STATUSES), "SDMX status of the baseline (CL_OBS_STATUS).", "O"),
        Field::optional("target_value", Kind::Decimal, "The value to be reached.", "55"),
        Field::optional(
            "target_qualifier",
            Kind::Choice(QUALIFIERS),
            "How the source qualifies the value to be reached.",
            "less_than",
        ),
        Field::optional(
            "target_factor",
            Kind::Decimal,
            "What the baseline is to be multiplied by: 0.5 for « diviser par deux ».",
            "0.5",
        ),
        Field::optional("deadline", Kind::Period, "By when, ISO 8601. Null if the source sets no time.", "2022"),
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["code"],
    territory: Some("territory_codes"),
    links: &[],
    relations: &[],
    own: &[],
    example: "points-conseil-budget-2020",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &["title"],
    stewardship: Stewardship::Content,
    counted_under: &["measure_code", "commitment_code"],
    indexes: &["territory_codes"],
    shape: Shape::Plain,
    public: true,
};
