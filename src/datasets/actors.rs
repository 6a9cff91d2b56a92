//! Owns the dataset of actors: the organisations of the strategy. No personal data: offices, never people.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{TITLE, choice};
use crate::query::{Choice, Dataset, Field, Format, Kind, Link, RowOrigin, Shape, Stewardship, Storage, Via};

const KINDS: &[Choice] = &[
    choice("state", "État", "the State and its offices"),
    choice("public_agency", "établissement public", "a public agency"),
    choice("local_authority", "collectivité territoriale", "a local authority"),
    choice("social_security", "organisme de sécurité sociale", "a social security fund"),
    choice("employment_service", "service public de l’emploi", "a public employment service"),
    choice("association", "association", "an association"),
    choice("foundation", "fondation ou fonds de dotation", "a foundation or endowment fund"),
    choice("company_group", "groupe d’entreprises", "a group of companies"),
    choice("citizens", "personnes concernées", "the people concerned"),
    choice("other", "autre organisme", "another organisation"),
];

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "actors",
    singular: "actor",
    title: "Acteurs",
    description: "An organisation or office: signatory, payer, operator, partner.",
    fields: &[
        Field::required("code", Kind::Code, "Code of the actor.", "cd-59"),
        Field::required("kind", Kind::Choice(KINDS), "The kind of organisation.", "local_authority"),
        Field::required("name", Kind::Text, "Its name, as published.", "").format(TITLE),
        Field::optional("short_name", Kind::Text, "Its usual short name or acronym.", "").format(TITLE),
        Field::required("role", Kind::Text, "Its role in the strategy, in French.", ""),
        Field::optional("territory_code", Kind::Reference("territories"), "The territory for which it acts.", "DEP-59"),
        Field::optional("siren", Kind::Text, "Its number in the register of legal entities (SIREN).", "").format(Format::Siren),
        Field::optional("siret", Kind::Text, "The number of its establishment (SIRET), 14 digits.", "").format(Format::Siret),
        Field::optional("rna", Kind::Text, "Its number in the register of associations (RNA): W and 9 digits.", "")
            .format(Format::Rna),
        Field::optional("email", Kind::Text, "The email address of the office, if published.", "").format(Format::Length(254)),
        Field::optional("phone", Kind::Text, "The telephone number of the office, if published.", "").format(Format::Length(254)),
        Field::optional("website", Kind::Text, "Its website, if published.", "").format(Format::Length(2000)),
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["code"],
    territory: Some("territory_code"),
    links: &[
        Link {
            name: "conventions",
            target: "conventions",
            summary: "The conventions that it signed, or in which it is a partner.",
            via: Via::Filter("actor_code"),
        },
        Link {
            name: "measures",
            target: "measures",
            summary: "The measures that it leads, or in which it takes part.",
            via: Via::Filter("actor_code"),
        },
        Link {
            name: "funding",
            target: "funding",
            summary: "The money that it gives or receives.",
            via: Via::Filter("actor_code"),
        },
        Link { name: "events", target: "events", summary: "The events in which it took part.", via: Via::Filter("actor_codes") },
    ],
    relations: &[],
    own: &[],
    example: "cd-59",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &["name", "short_name", "role"],
    stewardship: Stewardship::Content,
    counted_under: &[],
    indexes: &[],
    shape: Shape::Plain,
    public: true,
};
