//! Owns the closed lists of words that several datasets share, and the fields that use them.
//! Sources: SDMX CL_OBS_STATUS 2.x for statuses, the words of the strategy's press kit for qualifiers.

use crate::query::model::text::TITLE_LENGTH;
use crate::query::{Choice, Containment, Field, Format, Kind, Relation, RelationPath};

/// One word of a closed list, with its French label and its meaning.
pub const fn choice(value: &'static str, label: &'static str, meaning: &'static str) -> Choice {
    Choice { value, label, meaning }
}

/// The format of a title or a name.
pub const TITLE: Format = Format::Length(TITLE_LENGTH);

/// The kinds of territories.
pub const KINDS: &[Choice] = &[
    choice("country", "pays", "France"),
    choice("region", "région", "région"),
    choice("departement", "département", "département or overseas collectivity"),
    choice("arrondissement", "arrondissement", "arrondissement of a département"),
    choice("epci", "EPCI à fiscalité propre", "intercommunal body with its own tax (EPCI à fiscalité propre)"),
    choice("ept", "établissement public territorial", "établissement public territorial of Greater Paris"),
    choice("commune", "commune", "commune"),
    choice("associated_commune", "commune associée", "commune associée, part of a commune"),
    choice("delegated_commune", "commune déléguée", "commune déléguée, part of a commune nouvelle"),
    choice("municipal_arrondissement", "arrondissement municipal", "arrondissement of Paris, Lyon or Marseille"),
    choice("perimeter", "périmètre de la stratégie", "perimeter of the strategy, such as the bassin minier"),
];

/// The events that begin or end a territory: INSEE's codes (MOD) for communes, and words of our own for events that INSEE
/// gives no code.
pub const TERRITORY_EVENTS: &[Choice] = &[
    choice("10", "changement de nom", "change of name"),
    choice("20", "création", "creation"),
    choice("21", "rétablissement", "re-establishment of a commune that was part of another"),
    choice("30", "suppression", "suppression"),
    choice("31", "fusion simple", "simple merger"),
    choice("32", "commune nouvelle", "creation or change of a commune nouvelle"),
    choice("33", "fusion-association", "merger with association"),
    choice("34", "fusion-association devenue fusion simple", "merger with association that becomes a simple one"),
    choice("41", "changement de code par changement de département", "change of code by a change of département"),
    choice("50", "changement de code par transfert de chef-lieu", "change of code by a change of chief town"),
    choice("epci", "changement d’EPCI", "own word: change of the EPCI to which a commune belongs, or of the list of EPCI"),
    choice("arrondissement", "changement d’arrondissement", "own word: change of arrondissement"),
    choice("reform", "réforme territoriale", "own word: reform of the départements or of the regions by law"),
];

/// How a publisher qualifies a figure.
pub const QUALIFIERS: &[Choice] = &[
    choice("exact", "exactement", "stated without qualification"),
    choice("about", "environ", "« environ »"),
    choice("nearly", "près de", "« près de »: the figure is slightly below"),
    choice("at_least", "au moins", "« pas moins de », « au moins »"),
    choice("more_than", "plus de", "« plus de »"),
    choice("at_most", "au plus", "« au plus », « jusqu’à »"),
    choice("less_than", "moins de", "« moins de »"),
];

/// The kinds of figures.
pub const NATURES: &[Choice] = &[
    choice("observed", "observé", "counted, or known to have happened"),
    choice("expected", "prévu", "planned or forecast"),
    choice("target", "objectif", "a target"),
    choice("baseline", "situation de départ", "the situation from which progress is measured"),
    choice("rule", "règle", "set by a rule: a ceiling, an age, the amount of a benefit; not counted"),
];

/// How the period of a row is known.
pub const PERIOD_BASES: &[Choice] = &[
    choice("stated", "dite par la source", "the source says it, to this precision"),
    choice(
        "inferred",
        "déduite des mots de la source",
        "the source says less, and the note how it was inferred: « au printemps »",
    ),
    choice("document_date", "date du document", "the source says none: the date of the document stands in for it"),
    choice("other_source", "dite par une autre source", "another source says it: the row or its note names that source"),
];

/// Observation statuses, SDMX CL_OBS_STATUS.
pub const STATUSES: &[Choice] = &[
    choice("A", "valeur normale", "normal"),
    choice("B", "rupture de série", "time series break"),
    choice("D", "définition différente", "definition differs"),
    choice("E", "estimé", "estimated"),
    choice("F", "prévision", "forecast"),
    choice("G", "expérimental", "experimental"),
    choice("H", "manquant\u{a0}: jour férié ou fin de semaine", "missing: holiday or weekend"),
    choice("I", "imputé", "imputed"),
    choice("J", "dérogation", "derogation"),
    choice("K", "compris dans une autre catégorie", "data included in another category"),
    choice("L", "manquant\u{a0}: donnée existante, non collectée", "missing: data exist but were not collected"),
    choice("M", "manquant\u{a0}: donnée impossible", "missing: data cannot exist"),
    choice("N", "non significatif", "not significant"),
    choice("O", "manquant", "missing"),
    choice("P", "provisoire", "provisional"),
    choice("Q", "manquant\u{a0}: secret statistique", "missing: suppressed by statistical secrecy"),
    choice("S", "grève ou événement exceptionnel", "strike and other special events"),
    choice("U", "peu fiable", "low reliability"),
    choice("V", "non validé", "unvalidated"),
    choice("W", "comprend une autre catégorie", "includes data from another category"),
];

/// The stages of money.
pub const STAGES: &[Choice] = &[
    choice("announced", "annoncé", "announced in public"),
    choice("programmed", "programmé", "entered in a budget or convention"),
    choice("committed", "engagé", "legally due"),
    choice("paid", "payé", "paid out"),
];

/// How values of an indicator can be aggregated.
pub const ADDITIVITIES: &[Choice] = &[
    choice("sum", "somme", "values can be added"),
    choice("weighted_mean", "moyenne pondérée", "values can be averaged, weighted by the weight indicator"),
    choice("none", "ni somme ni moyenne", "values cannot be aggregated"),
];

/// Whether more or less is better.
pub const DIRECTIONS: &[Choice] = &[
    choice("up", "plus, c’est mieux", "more is better"),
    choice("down", "moins, c’est mieux", "less is better"),
    choice("none", "ni l’un ni l’autre", "neither is better"),
];

/// The field with the qualifier of an amount or value.
pub const QUALIFIER: Field = Field::required(
    "qualifier",
    Kind::Choice(QUALIFIERS),
    "How the publisher qualifies the figure: « près de 350 » is 350 with `nearly`.",
    "nearly",
);

/// The field with how the period is known.
pub const PERIOD_BASIS: Field = Field::optional(
    "period_basis",
    Kind::Choice(PERIOD_BASES),
    "How the period is known. Null if the publisher does not say.",
    "inferred",
);

/// The field with the first day of the period.
pub const fn period_start(required: bool) -> Field {
    Field {
        required,
        ..Field::optional("period_start", Kind::PeriodBound { end: false }, "First day of the period.", "2019-01-01")
    }
}

/// The field with the last day of the period.
pub const fn period_end(required: bool) -> Field {
    let description = match required {
        true => "Last day of the period.",
        false => "Last day of the period; null while the period is open. `period__overlaps` finds what is in force on a day.",
    };
    Field { required, ..Field::optional("period_end", Kind::PeriodBound { end: true }, description, "2019-12-31") }
}

/// The field with the commitment of a row.
pub const COMMITMENT_CODE: Field = Field::optional(
    "commitment_code",
    Kind::Reference("commitments"),
    "The commitment, or way of working, to which the row belongs.",
    "engagement-1",
);

/// The unit of the values of an indicator.
pub const UNIT_CODE: Field =
    Field::required("unit_code", Kind::Reference("units"), "The unit of the values of the indicator.", "foyer");

/// The power of ten by which the values of an indicator are multiplied to be in its unit.
pub const UNIT_MULTIPLIER: Field = Field::required(
    "unit_multiplier",
    Kind::Integer { minimum: -12, maximum: 12 },
    "The power of ten that a value is multiplied by to be in the unit: 3 if values are in thousands, 0 if they are in the unit itself.",
    "0",
)
.file_default("0");

/// The filter by an organisation in any role; the fields hold the roles.
pub const fn actor_code(fields: &'static [&'static str], example: &'static str) -> Relation {
    Relation {
        name: "actor_code",
        target: "actors",
        description: "Rows in which one of these organisations has any role.",
        example,
        path: RelationPath::Fields(fields),
    }
}

/// The code of a row about two territories, one of which is a part of the other.
pub const fn pair_code(example: &'static str) -> Field {
    Field::required("code", Kind::JoinedCode, "The codes of the container and of the part, joined by `~`.", example)
}

/// A commune, and the parts of one.
const COMMUNES: &[&str] = &["commune", "associated_commune", "delegated_commune", "municipal_arrondissement"];

/// A territory lies in one of this kind: `parts` are the kinds that can.
const fn lies_in(containers: &'static [&'static str], parts: &'static [&'static str]) -> Containment {
    Containment { containers, parts, part: None }
}

/// The kinds in `commune_code`. A former commune names the one that it is a part of today.
pub const IN_COMMUNE: Containment = lies_in(&["commune"], COMMUNES);

/// The kinds in `arrondissement_code`.
pub const IN_ARRONDISSEMENT: Containment = lies_in(&["arrondissement"], COMMUNES);

/// The kinds in `departement_code`. EPCI can straddle several.
pub const IN_DEPARTEMENT: Containment = lies_in(
    &["departement"],
    &["arrondissement", "commune", "associated_commune", "delegated_commune", "municipal_arrondissement", "perimeter"],
);

/// The kinds in `region_code`. A former region names the one that it is a part of today.
pub const IN_REGION: Containment = lies_in(
    &["region"],
    &[
        "region",
        "departement",
        "arrondissement",
        "commune",
        "associated_commune",
        "delegated_commune",
        "municipal_arrondissement",
        "perimeter",
    ],
);

/// The kinds in `epci_code`.
pub const IN_EPCI: Containment = lies_in(&["epci"], COMMUNES);

/// The kinds in `chief_commune_code`.
pub const CHIEF_TOWN: Containment = lies_in(&["commune"], &[]);

/// The kinds of memberships: an EPT or a perimeter consists of communes, or of what consists of communes.
pub const MEMBERSHIP: Containment = Containment {
    containers: &["perimeter", "ept"],
    parts: &[
        "region",
        "departement",
        "arrondissement",
        "epci",
        "ept",
        "commune",
        "associated_commune",
        "delegated_commune",
        "municipal_arrondissement",
    ],
    part: Some("part_code"),
};
