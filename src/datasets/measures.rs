//! Owns the dataset of measures: the actions that implement the commitments.

use super::provenance::{NOTE, OTHER_SOURCE_CODES, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{COMMITMENT_CODE, PERIOD_BASIS, TITLE, actor_code, choice, period_end, period_start};
use crate::query::{
    Choice, Dataset, Field, Format, Kind, Link, Relation, RelationPath, RowOrigin, Shape, Stewardship, Storage, Via,
};

const STATUSES: &[Choice] = &[
    choice("announced", "annoncée", "announced, not begun"),
    choice("in_preparation", "en préparation", "being prepared"),
    choice("in_progress", "en cours", "in progress"),
    choice("in_force", "en vigueur", "a rule or benefit in force"),
    choice("completed", "achevée", "completed"),
];

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "measures",
    singular: "measure",
    title: "Mesures",
    description: "One action under a commitment.",
    fields: &[
        Field::required("code", Kind::Code, "Code of the measure.", "points-conseil-budget"),
        Field { required: true, ..COMMITMENT_CODE },
        Field::required("title", Kind::Text, "Its title, in French.", "").format(TITLE),
        Field::required("summary", Kind::Text, "What it does, in French.", ""),
        Field::required("status", Kind::Choice(STATUSES), "Its progress, according to the source.", "in_progress"),
        Field::optional(
            "period",
            Kind::Period,
            "When it is in force or takes place, ISO 8601. `2019-05-25/..` has begun and goes on.",
            "2019-05-25/..",
        ),
        period_start(false),
        period_end(false),
        Field::optional("audience", Kind::Text, "The people whom it addresses, in French.", ""),
        Field::required(
            "territory_codes",
            Kind::References("territories"),
            "The territories that the source names for it.",
            "DEP-59",
        ),
        Field::optional("lead_codes", Kind::References("actors"), "The organisations that lead it.", "etat"),
        Field::optional("partner_codes", Kind::References("actors"), "The organisations that take part.", "ars-hauts-de-france"),
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
        Field::optional(
            "status_as_of",
            Kind::Period,
            "When `status` was said: the date of the source. It may have changed since.",
            "2019-12",
        ),
        PERIOD_BASIS,
        Field::optional("announcer_codes", Kind::References("actors"), "Who announced it.", "president-republique"),
        Field::optional("legislator_codes", Kind::References("actors"), "Who adopted the law behind it.", "parlement"),
        Field::optional("legal_act", Kind::Text, "The law or decree that makes the rule, if a source names it.", "")
            .format(TITLE),
        Field::optional("legal_act_url", Kind::Text, "The address of its text.", "").format(Format::Length(2000)),
        OTHER_SOURCE_CODES,
    ],
    key: &["code"],
    territory: Some("territory_codes"),
    links: &[
        Link {
            name: "indicators",
            target: "indicators",
            summary: "The indicators that measure its progress.",
            via: Via::Filter("measure_code"),
        },
        Link {
            name: "observations",
            target: "observations",
            summary: "The figures of its indicators.",
            via: Via::Filter("measure_code"),
        },
        Link { name: "funding", target: "funding", summary: "The money for it.", via: Via::Filter("measure_code") },
        Link { name: "events", target: "events", summary: "Its events.", via: Via::Filter("measure_codes") },
        Link {
            name: "conventions",
            target: "conventions",
            summary: "The conventions under which it is carried out.",
            via: Via::Filter("measure_codes"),
        },
        Link {
            name: "objectives",
            target: "objectives",
            summary: "What it is to reach, and by when.",
            via: Via::Filter("measure_code"),
        },
    ],
    relations: &[
        actor_code(&["lead_codes", "partner_codes", "announcer_codes", "legislator_codes"], "etat"),
        Relation {
            name: "convention_code",
            target: "conventions",
            description: "Measures that one of these conventions names.",
            example: "convention-bassin-minier",
            path: RelationPath::NamedBy { dataset: "conventions", by: "measure_codes" },
        },
    ],
    own: &[],
    example: "points-conseil-budget",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &["title", "summary", "audience"],
    stewardship: Stewardship::Content,
    counted_under: &[],
    indexes: &["commitment_code", "territory_codes", "lead_codes", "partner_codes", "announcer_codes", "legislator_codes"],
    shape: Shape::Plain,
    public: true,
};
