//! Owns the dataset of events: when and where the strategy was signed, launched, discussed and reviewed.

use super::provenance::{NOTE, OTHER_SOURCE_CODES, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{COMMITMENT_CODE, PERIOD_BASIS, TITLE, actor_code, choice, period_end, period_start};
use crate::query::{Choice, Dataset, Field, Kind, RowOrigin, Shape, Stewardship, Storage};

const KINDS: &[Choice] = &[
    choice("workshop", "atelier", "a workshop (atelier)"),
    choice("debate", "débat public", "a public debate"),
    choice("conference", "conférence", "a conference"),
    choice("inauguration", "inauguration", "an inauguration"),
    choice("signature", "signature", "a signature"),
    choice("launch", "lancement", "a launch"),
    choice("entry_into_force", "entrée en vigueur", "a rule or benefit enters into force"),
    choice("review", "bilan", "a review (bilan)"),
    choice("announcement", "annonce", "an announcement"),
    choice("appointment", "nomination", "an appointment"),
    choice("adoption", "adoption par le Parlement", "an adoption by Parliament"),
];

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "events",
    singular: "event",
    title: "Événements",
    description: "A workshop, conference, inauguration, signature, review or other dated fact.",
    fields: &[
        Field::required("code", Kind::Code, "Code of the event.", "inauguration-maison-des-parents"),
        Field::required("kind", Kind::Choice(KINDS), "The kind of event.", "workshop"),
        Field::required("title", Kind::Text, "Its title, in French.", "").format(TITLE),
        Field::required("summary", Kind::Text, "What happened, in French.", ""),
        Field::optional(
            "period",
            Kind::Period,
            "When it happened, ISO 8601, as exactly as the source says. Null if no source says it.",
            "2019-04",
        ),
        period_start(false),
        period_end(false),
        Field::required("territory_code", Kind::Reference("territories"), "Where it happened.", "COM-59512"),
        COMMITMENT_CODE,
        Field::optional(
            "measure_codes",
            Kind::References("measures"),
            "The measures that it concerns.",
            "service-public-insertion",
        ),
        Field::optional("convention_code", Kind::Reference("conventions"), "The convention to which it belongs.", ""),
        Field::optional(
            "actor_codes",
            Kind::References("actors"),
            "Who took part. The kind of the event says how: the signatories of a signature, who makes an announcement, who adopts a law.",
            "cd-59",
        ),
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
        PERIOD_BASIS,
        OTHER_SOURCE_CODES,
    ],
    key: &["code"],
    territory: Some("territory_code"),
    links: &[],
    relations: &[actor_code(&["actor_codes"], "etat")],
    own: &[],
    example: "inauguration-maison-des-parents",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &["title", "summary"],
    stewardship: Stewardship::Content,
    counted_under: &[],
    indexes: &["kind", "territory_code", "measure_codes", "actor_codes", "source_code"],
    shape: Shape::Plain,
    public: true,
};
