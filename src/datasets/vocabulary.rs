//! Owns the closed lists of words that several datasets share, with their meanings.
//! Sources: SDMX CL_OBS_STATUS 2.x for statuses; the press kit's own turns of phrase for qualifiers.

use crate::query::{Choice, Field, Kind};

/// Shortens the lists below.
pub const fn choice(value: &'static str, meaning: &'static str) -> Choice {
    Choice { value, meaning }
}

/// The sorts of territories.
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
    choice("former_commune", "commune that has become part of another"),
    choice("former_epci", "EPCI that has become another, or part of others"),
    choice("former_departement", "département that has been split"),
    choice("former_region", "region that has become part of another"),
    choice("perimeter", "perimeter of the strategy's own, such as the bassin minier"),
];

/// What makes a territory begin or end: INSEE's codes (MOD) of what happens to communes, and words for what has none.
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
    choice("epci", "change of the EPCI: of which a commune is part, or of which there are"),
    choice("arrondissement", "change of arrondissement"),
    choice("reform", "reform of the départements or of the regions by law"),
];

/// How a figure is hedged by its publisher.
pub const QUALIFIERS: &[Choice] = &[
    choice("exact", "given without reservation"),
    choice("about", "« environ »"),
    choice("nearly", "« près de »: the figure is slightly below"),
    choice("at_least", "« pas moins de », « au moins »"),
    choice("more_than", "« plus de »"),
    choice("at_most", "« au plus », « jusqu’à »"),
    choice("less_than", "« moins de »"),
];

/// What sort of figure it is.
pub const NATURES: &[Choice] = &[
    choice("observed", "what has been counted or has happened"),
    choice("expected", "what is planned or forecast"),
    choice("target", "what is aimed at"),
    choice("baseline", "the situation that progress is measured from"),
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

/// How far money has come.
pub const STAGES: &[Choice] = &[
    choice("announced", "said in public"),
    choice("programmed", "entered in a budget or convention"),
    choice("committed", "legally due"),
    choice("paid", "paid out"),
];

/// How values of an indicator combine.
pub const ADDITIVITIES: &[Choice] = &[
    choice("sum", "values may be added"),
    choice("weighted_mean", "values may be averaged, weighted by the weight indicator"),
    choice("none", "values cannot be combined"),
];

/// Which way is good.
pub const DIRECTIONS: &[Choice] =
    &[choice("up", "more is better"), choice("down", "less is better"), choice("none", "neither is better")];

/// The qualifier of an amount or value.
pub const QUALIFIER: Field = Field::required(
    "qualifier",
    Kind::Choice(QUALIFIERS),
    "How the publisher hedges the figure: « près de 350 » is 350 with `nearly`.",
    "nearly",
);

/// First day of the period.
pub const fn period_start(required: bool) -> Field {
    Field {
        required,
        ..Field::optional("period_start", Kind::PeriodBound { end: false }, "First day of the period.", "2019-01-01")
    }
}

/// Last day of the period.
pub const fn period_end(required: bool) -> Field {
    Field { required, ..Field::optional("period_end", Kind::PeriodBound { end: true }, "Last day of the period.", "2019-12-31") }
}

/// The commitment that a row belongs to.
pub const COMMITMENT_CODE: Field = Field::optional(
    "commitment_code",
    Kind::Reference("commitments"),
    "The commitment, or way of working, that the row belongs to.",
    "engagement-1",
);
