//! Owns the dataset of actors: the organisations of the strategy. No personal data: offices, never people.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::choice;
use crate::query::{Choice, Dataset, Field, Format, Kind, Link, RowOrigin, Shape, Via};

const KINDS: &[Choice] = &[
    choice("state", "the State and its offices"),
    choice("public_agency", "a public agency"),
    choice("local_authority", "a local authority"),
    choice("social_security", "a social security fund"),
    choice("employment_service", "a public employment service"),
    choice("association", "an association"),
    choice("foundation", "a foundation or endowment fund"),
    choice("company_group", "a group of companies"),
    choice("citizens", "the people concerned"),
    choice("other", "another organisation"),
];

/// The dataset.
pub static DATASET: Dataset = Dataset {
    name: "actors",
    singular: "actor",
    title: "Acteurs",
    description: "An organisation or office: signatory, payer, operator, partner.",
    fields: &[
        Field::required("code", Kind::Code, "Code of the actor.", "cd-59"),
        Field::required("kind", Kind::Choice(KINDS), "What sort of organisation it is.", "local_authority"),
        Field::required("name", Kind::Text, "Its name, as published.", ""),
        Field::optional("short_name", Kind::Text, "Its usual short name.", ""),
        Field::required("role", Kind::Text, "Its role in the strategy, in French.", ""),
        Field::optional("territory_code", Kind::Reference("territories"), "The territory that it acts for.", "DEP-59"),
        Field::optional("siren", Kind::Text, "Its number in the register of legal entities.", "").format(Format::Siren),
        Field::optional("siret", Kind::Text, "The number of its establishment, 14 digits.", "").format(Format::Siret),
        Field::optional("rna", Kind::Text, "Its number in the register of associations, W and 9 digits.", "").format(Format::Rna),
        Field::optional("email", Kind::Text, "The office's address, where published.", ""),
        Field::optional("phone", Kind::Text, "The office's telephone, where published.", ""),
        Field::optional("website", Kind::Text, "Its site, where published.", ""),
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
            summary: "The conventions that it signed or is a partner of.",
            via: Via::Fields(&["signatory_codes", "partner_codes"]),
        },
        Link {
            name: "measures",
            target: "measures",
            summary: "The measures that it carries or takes part in.",
            via: Via::Fields(&["lead_codes", "partner_codes"]),
        },
        Link {
            name: "funding",
            target: "funding",
            summary: "The money that it gives or receives.",
            via: Via::Fields(&["payer_code", "beneficiary_code"]),
        },
        Link {
            name: "events",
            target: "events",
            summary: "The events that it took part in.",
            via: Via::Fields(&["actor_codes"]),
        },
    ],
    own: &[],
    example: "cd-59",
    rows: RowOrigin::Published,
    search: &["name", "short_name", "role"],
    shape: Shape::Plain,
    public: true,
};
