//! Owns the closed lists of words that several datasets share, with their meanings.
//! Sources: SDMX CL_OBS_STATUS 2.x for statuses; the press kit's own turns of phrase for qualifiers.

use crate::query::{Choice, Field, Kind};

/// Shortens the lists below.
pub const fn choice(value: &'static str, meaning: &'static str) -> Choice {
    Choice { value, meaning }
}

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
