//! Owns the dataset of observations: one value of an indicator, for a territory and a period, as its source gives it.
//! The source is part of the key: two sources may differ, and neither hides the other.

use super::provenance::{GEOGRAPHY_YEAR, NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{NATURES, PERIOD_BASIS, QUALIFIER, STATUSES, UNIT_CODE, UNIT_MULTIPLIER, period_end, period_start};
use crate::query::{Dataset, Field, FieldOrigin, Kind, Relation, RelationPath, RowOrigin, Shape, Stewardship, Storage};

const fn by_its_indicator(name: &'static str, target: &'static str, example: &'static str) -> Relation {
    Relation {
        name,
        target,
        description: "Figures of the indicators that refer to one of these.",
        example,
        path: RelationPath::Through { field: "indicator_code", dataset: "indicators", by: name },
    }
}

/// The fields that an observation has from its indicator. They never change once the indicator has figures.
const OF_INDICATOR: FieldOrigin = FieldOrigin::Named { by: "indicator_code", dataset: "indicators" };

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "observations",
    singular: "observation",
    title: "Observations",
    description: "One value: an indicator, a territory, a period, a source, and where there is one a breakdown.",
    fields: &[
        Field::required(
            "code",
            Kind::JoinedCode,
            "The fields of the key joined by `~`. The `/` of an interval is written `_`.",
            "foyers-prime-activite~REG-32~2019-06-30~_T~observed~dossier-pauvrete-hdf-2019",
        ),
        Field::required(
            "indicator_code",
            Kind::Reference("indicators"),
            "The indicator: what is counted, and in which unit.",
            "foyers-prime-activite",
        ),
        Field::required("territory_code", Kind::Reference("territories"), "The territory of the figure.", "REG-32"),
        Field::required(
            "period",
            Kind::Period,
            "The period of the figure, ISO 8601. A day means a stock on that day.",
            "2019-06-30",
        ),
        period_start(true),
        period_end(true),
        Field::required(
            "breakdown_code",
            Kind::Reference("breakdowns"),
            "The part of the whole that is counted. `_T` is the whole.",
            "_T",
        ),
        Field::required("nature", Kind::Choice(NATURES), "The kind of figure.", "observed"),
        Field { origin: OF_INDICATOR, ..UNIT_CODE },
        Field { origin: OF_INDICATOR, ..UNIT_MULTIPLIER },
        Field::optional(
            "value",
            Kind::Decimal,
            "The value, in the unit of the indicator. If it is empty, `statuses` says why.",
            "422000",
        ),
        Field { example: "more_than", ..QUALIFIER },
        Field::required("statuses", Kind::ChoiceList(STATUSES), "SDMX observation statuses (CL_OBS_STATUS).", "A"),
        Field::optional("rounding", Kind::Decimal, "The step to which the publisher rounded.", ""),
        GEOGRAPHY_YEAR,
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
        Field { example: "document_date", ..PERIOD_BASIS },
    ],
    key: &["indicator_code", "territory_code", "period", "breakdown_code", "nature", "source_code"],
    territory: Some("territory_code"),
    links: &[],
    relations: &[
        by_its_indicator("commitment_code", "commitments", "engagement-1"),
        by_its_indicator("measure_code", "measures", "points-conseil-budget"),
        by_its_indicator("convention_code", "conventions", ""),
    ],
    own: &[],
    example: "foyers-prime-activite~REG-32~2019-06-30~_T~observed~dossier-pauvrete-hdf-2019",
    rows: RowOrigin::Published,
    storage: Storage::Series { series: "series", rows: "figures" },
    search: &["indicator_code"],
    stewardship: Stewardship::Content,
    counted_under: &["indicator_code"],
    indexes: &["territory_code", "source_code"],
    shape: Shape::Observations,
    public: true,
};
