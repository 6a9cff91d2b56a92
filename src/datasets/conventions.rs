//! Owns the dataset of conventions: the agreements between the State and local authorities.

use super::provenance::{NOTE, OTHER_SOURCE_CODES, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{COMMITMENT_CODE, TITLE, actor_code, choice, period_end, period_start};
use crate::query::{Choice, Dataset, Field, Kind, Link, RowOrigin, Shape, Stewardship, Storage, Via};

const KINDS: &[Choice] = &[
    choice("departmental", "convention départementale", "between the State and a département"),
    choice("demonstrator_territory", "territoire démonstrateur", "for a demonstrator territory of the strategy"),
];

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "conventions",
    singular: "convention",
    title: "Conventions",
    description: "An agreement between the State and local authorities.",
    fields: &[
        Field::required("code", Kind::Code, "Code of the convention.", "convention-bassin-minier"),
        Field::required("kind", Kind::Choice(KINDS), "The kind of convention.", "departmental"),
        Field::required("title", Kind::Text, "Its title, in French.", "").format(TITLE),
        Field::required("summary", Kind::Text, "Its purpose, in French.", ""),
        Field::required("territory_code", Kind::Reference("territories"), "The territory that it covers.", "PER-bassin-minier"),
        Field::required("signatory_codes", Kind::References("actors"), "Who signed it.", "cd-59"),
        Field::optional("partner_codes", Kind::References("actors"), "Who works with the signatories.", "ars-hauts-de-france"),
        Field { example: "mode-1", ..COMMITMENT_CODE },
        Field::optional(
            "signed_on",
            Kind::Date,
            "The day on which it was signed. Empty if the source does not say.",
            "2019-07-10",
        ),
        Field::optional("period", Kind::Period, "The period that it covers, ISO 8601.", ""),
        Field { example: "", ..period_start(false) },
        Field { example: "", ..period_end(false) },
        Field::optional("objectives", Kind::TextList, "What the signatories commit to, in French.", ""),
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
        Field::optional(
            "measure_codes",
            Kind::References("measures"),
            "The measures that are carried out under it.",
            "contractualisation-departements",
        ),
        OTHER_SOURCE_CODES,
    ],
    key: &["code"],
    territory: Some("territory_code"),
    links: &[
        Link { name: "funding", target: "funding", summary: "The money of the convention.", via: Via::Filter("convention_code") },
        Link {
            name: "indicators",
            target: "indicators",
            summary: "The indicators that measure its progress.",
            via: Via::Filter("convention_code"),
        },
        Link {
            name: "observations",
            target: "observations",
            summary: "The figures of its indicators.",
            via: Via::Filter("convention_code"),
        },
        Link { name: "events", target: "events", summary: "Its events.", via: Via::Filter("convention_code") },
        Link {
            name: "measures",
            target: "measures",
            summary: "The measures that are carried out under it.",
            via: Via::Filter("convention_code"),
        },
    ],
    relations: &[actor_code(&["signatory_codes", "partner_codes"], "etat")],
    own: &[],
    example: "convention-bassin-minier",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &["title", "summary", "objectives"],
    stewardship: Stewardship::Content,
    counted_under: &[],
    indexes: &["territory_code", "signatory_codes", "partner_codes", "measure_codes"],
    shape: Shape::Plain,
    public: true,
};
