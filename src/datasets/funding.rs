//! Owns the dataset of funding: payer, beneficiary, purpose, amount and stage of each flow of money.
//! Amounts of different stages must not be added: the same euro is announced, then programmed, then paid.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{COMMITMENT_CODE, PERIOD_BASIS, QUALIFIER, STAGES, TITLE, actor_code, choice, period_end, period_start};
use crate::query::{Choice, Dataset, Field, Format, Kind, RowOrigin, Shape, Stewardship, Storage};

const AID_NATURES: &[Choice] =
    &[choice("money", "aide en numéraire", "in money"), choice("in_kind", "aide en nature", "in kind")];

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "funding",
    singular: "funding",
    title: "Financements",
    description: "One flow of money: who gives it, to whom, at which stage, for which period, how much.",
    fields: &[
        Field::required("code", Kind::Code, "Code of the flow.", "bassin-minier-2019-2021"),
        Field::required("title", Kind::Text, "The purpose of the money, in French.", "").format(TITLE),
        Field::optional(
            "convention_code",
            Kind::Reference("conventions"),
            "The convention to which it belongs.",
            "convention-bassin-minier",
        ),
        Field::optional("measure_code", Kind::Reference("measures"), "The measure that it funds.", ""),
        Field { example: "mode-1", ..COMMITMENT_CODE },
        Field::required("payer_code", Kind::Reference("actors"), "The organisation that pays.", "etat"),
        Field::optional(
            "beneficiary_code",
            Kind::Reference("actors"),
            "The organisation that receives the money, if the source says so.",
            "",
        ),
        Field::required("territory_code", Kind::Reference("territories"), "The territory that benefits.", "PER-bassin-minier"),
        Field::required(
            "stage",
            Kind::Choice(STAGES),
            "The stage of the money. Amounts of different stages must not be added.",
            "announced",
        ),
        Field::required("period", Kind::Period, "The period that it covers, ISO 8601. `2019-04-01/..` goes on.", ""),
        period_start(true),
        period_end(false),
        Field::optional(
            "amount_eur",
            Kind::Decimal,
            "The amount, in euros, with at most two decimals. Empty if the source mentions a flow without a figure.",
            "48000000",
        )
        .format(Format::Euros),
        Field { required: false, ..QUALIFIER },
        Field::optional("decided_on", Kind::Date, "The day of the convention or decision that grants it.", ""),
        Field::optional("decision_reference", Kind::Text, "The reference of that decision.", "").format(TITLE),
        Field::optional(
            "aid_natures",
            Kind::ChoiceList(AID_NATURES),
            "Whether it is in money, in kind, or both; then the larger part comes first.",
            "",
        ),
        Field::optional("payment_terms", Kind::Text, "How it is paid: `unique`, `échelonné`, or in words.", "")
            .format(Format::Length(256)),
        Field::optional("rae_code", Kind::Text, "Its code in the register of aid to companies (RAE).", "")
            .format(Format::Length(5)),
        Field::optional("eu_notified", Kind::Boolean, "Whether it is notified to the European Commission.", ""),
        Field::optional(
            "beneficiary_share",
            Kind::Decimal,
            "The share of the amount that the beneficiary receives, more than 0 and at most 1. `amount_eur` is the whole amount.",
            "",
        )
        .format(Format::Share),
        Field::optional(
            "cofunding_group",
            Kind::Text,
            "A word that the flows of all co-funders of the same thing have in common.",
            "",
        ),
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
        PERIOD_BASIS,
    ],
    key: &["code"],
    territory: Some("territory_code"),
    links: &[],
    relations: &[actor_code(&["payer_code", "beneficiary_code"], "etat")],
    own: &[],
    example: "bassin-minier-2019-2021",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &["title", "note"],
    stewardship: Stewardship::Content,
    counted_under: &["convention_code", "measure_code", "commitment_code"],
    indexes: &[
        "convention_code",
        "territory_code",
        "payer_code",
        "beneficiary_code",
        "measure_code",
        "commitment_code",
        "stage",
        "source_code",
    ],
    shape: Shape::Money,
    public: true,
};
