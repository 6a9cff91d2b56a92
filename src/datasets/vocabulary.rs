//! Owns the closed lists of words that several datasets share, and the fields that use them.
//! Sources: SDMX CL_OBS_STATUS 2.x for statuses, the words of the strategy's press kit for qualifiers.

use crate::query::{Choice, Field, Kind};

/// One word of a closed list, with its meaning.
pub const fn choice(value: &'static str, meaning: &'static str) -> Choice {
    Choice { value, meaning }
}

/// The kinds of territories.
pub const KINDS: &[Choice] = &[
    choice("country", "France"),
    choice("region", "région"),
    choice("departement", "département or overseas collectivity"),
    choice("arrondissement", "arrondissement of a département"),
    choice("epci", "intercommunal body with its own tax (EPCI à fiscalité propre)"),
    choice("ept", "établissement public territorial of Greater Paris"),
    choice("commune", "commune"),
    choice("associated_commune", "commune associée, part of a commune"),
    choice("delegated_commune", "commune déléguée, part of a commune nouvelle"),
    choice("municipal_arrondissement", "arrondissement of Paris, Lyon or Marseille"),
    choice("perimeter", "perimeter of the strategy, such as the bassin minier"),
];

/// The events that begin or end a territory: INSEE's codes (MOD) for communes, and words of our own for events that INSEE
/// gives no code.
pub const TERRITORY_EVENTS: &[Choice] = &[
    choice("10", "change of name"),
    choice("20", "creation"),
    choice("21", "re-establishment of a commune that was part of another"),
    choice("30", "suppression"),
    choice("31", "simple merger"),
    choice("32", "creation or change of a commune nouvelle"),
    choice("33", "merger with association"),
    choice("34", "merger with association that becomes a simple one"),
    choice("41", "change of code by a change of département"),
    choice("50", "change of code by a change of chief town"),
    choice("epci", "own word: change of the EPCI to which a commune belongs, or of the list of EPCI"),
    choice("arrondissement", "own word: change of arrondissement"),
    choice("reform", "own word: reform of the départements or of the regions by law"),
];

/// How a publisher qualifies a figure.
pub const QUALIFIERS: &[Choice] = &[
    choice("exact", "stated without qualification"),
    choice("about", "« environ »"),
    choice("nearly", "« près de »: the figure is slightly below"),
    choice("at_least", "« pas moins de », « au moins »"),
    choice("more_than", "« plus de »"),
    choice("at_most", "« au plus », « jusqu’à »"),
    choice("less_than", "« moins de »"),
];

/// The kinds of figures.
pub const NATURES: &[Choice] = &[
    choice("observed", "counted, or known to have happened"),
    choice("expected", "planned or forecast"),
    choice("target", "a target"),
    choice("baseline", "the situation from which progress is measured"),
];

/// Observation statuses, SDMX CL_OBS_STATUS.
pub const STATUSES: &[Choice] = &[
    choice("A", "normal"),
    choice("B", "time series break"),
    choice("D", "definition differs"),
    choice("E", "estimated"),
    choice("F", "forecast"),
    choice("G", "experimental"),
    choice("H", "missing: holiday or weekend"),
    choice("I", "imputed"),
    choice("J", "derogation"),
    choice("K", "data included in another category"),
    choice("L", "missing: data exist but were not collected"),
    choice("M", "missing: data cannot exist"),
    choice("N", "not significant"),
    choice("O", "missing"),
    choice("P", "provisional"),
    choice("Q", "missing: suppressed by statistical secrecy"),
    choice("S", "strike and other special events"),
    choice("U", "low reliability"),
    choice("V", "unvalidated"),
    choice("W", "includes data from another category"),
];

/// The stages of money.
pub const STAGES: &[Choice] = &[
    choice("announced", "announced in public"),
    choice("programmed", "entered in a budget or convention"),
    choice("committed", "legally due"),
    choice("paid", "paid out"),
];

/// How values of an indicator can be aggregated.
pub const ADDITIVITIES: &[Choice] = &[
    choice("sum", "values can be added"),
    choice("weighted_mean", "values can be averaged, weighted by the weight indicator"),
    choice("none", "values cannot be aggregated"),
];

/// Whether more or less is better.
pub const DIRECTIONS: &[Choice] =
    &[choice("up", "more is better"), choice("down", "less is better"), choice("none", "neither is better")];

/// The field with the qualifier of an amount or value.
pub const QUALIFIER: Field = Field::required(
    "qualifier",
    Kind::Choice(QUALIFIERS),
    "How the publisher qualifies the figure: « près de 350 » is 350 with `nearly`.",
    "nearly",
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
    Field { required, ..Field::optional("period_end", Kind::PeriodBound { end: true }, "Last day of the period.", "2019-12-31") }
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
