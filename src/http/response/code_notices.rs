//! Owns the notices on values of a request: codes that select nothing, because they are withdrawn, not yet published, or not of the
//! geography of a day; texts that rows have in another spelling; numbers that a comma separates.
//! Must not know how they are found.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::read::unselected::{Unselected, UnselectedReason};
use crate::problem::echo;
use crate::query::{Parameter, Release};

/// What a notice says of a code of the request.
#[derive(Serialize, ToSchema)]
pub struct CodeNotice {
    /// The parameter that names the code.
    #[schema(example = "indicator_code", required = false)]
    pub parameter: String,
    /// The code; for `other_spelling` the text, and for `two_numbers` the number that may have been meant.
    #[schema(example = "aides", required = false)]
    pub code: String,
    /// The dataset of the code.
    #[schema(example = "indicators", required = false)]
    pub dataset: &'static str,
    /// Why the row was withdrawn, in French.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The code of the row that replaces the withdrawn one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor_code: Option<String>,
    /// The first release that has the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released_from: Option<i32>,
    /// When the code named a territory.
    #[schema(required = false)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub existed: Vec<Existence>,
    /// The codes of the territories before or after it.
    #[schema(required = false)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instead_codes: Vec<String>,
    /// The values that rows have instead, as they are spelled.
    #[schema(required = false)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instead_values: Vec<String>,
}

/// A span of days in which a code named a territory.
#[derive(Serialize, ToSchema)]
pub struct Existence {
    /// The first day.
    #[schema(value_type = String, format = Date, example = "1943-01-01")]
    pub valid_from: NaiveDate,
    /// The day after the last; null if it lasts.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_until: Option<NaiveDate>,
}

/// Why a code selects nothing.
pub struct CodeFinding {
    /// The kind of the notice.
    pub kind: &'static str,
    /// The text, in French.
    pub what: String,
    /// The release that withdrew the row.
    pub release: Option<Release>,
    /// What the notice says of the code.
    pub about: CodeNotice,
}

/// Says why a code selects nothing.
pub fn explain(found: &Unselected) -> CodeFinding {
    let Unselected { parameter, code, dataset, why } = found;
    let mut about = CodeNotice {
        parameter: parameter.clone(),
        code: echo(code),
        dataset,
        reason: None,
        successor_code: None,
        released_from: None,
        existed: Vec::new(),
        instead_codes: Vec::new(),
        instead_values: Vec::new(),
    };
    let named = format!("« {} » ({dataset})", echo(code));
    let mut release = None;
    let (kind, what) = match why {
        UnselectedReason::Withdrawn(withdrawal) => {
            let number = withdrawal.release.number;
            release = Some(withdrawal.release.clone());
            about.reason = Some(withdrawal.reason.clone());
            about.successor_code.clone_from(&withdrawal.successor_code);
            let after = withdrawal.successor_code.as_ref().map_or(String::new(), |code| format!(" Remplacé par « {code} »."));
            (
                "withdrawn",
                format!("{named} a été retiré par la publication {number} : {}.{after}", withdrawal.reason.trim_end_matches('.')),
            )
        }
        UnselectedReason::Later(first) => {
            about.released_from = Some(*first);
            ("not_yet_published", format!("{named} n’est publié qu’à partir de la publication {first}."))
        }
        UnselectedReason::OutsideGeography { day, spans, instead } => {
            let existence = |(valid_from, valid_until): &(NaiveDate, Option<NaiveDate>)| Existence {
                valid_from: *valid_from,
                valid_until: *valid_until,
            };
            about.existed = spans.iter().map(existence).collect();
            about.instead_codes.clone_from(instead);
            let spans: Vec<String> = about.existed.iter().map(span).collect();
            let known = match spans.is_empty() {
                true => "seule la géographie d’aujourd’hui le connaît".to_owned(),
                false => format!("il en désigne un {}", spans.join(" et ")),
            };
            let instead = if instead.is_empty() { String::new() } else { format!(" Voyez {}.", instead.join(", ")) };
            let what = match *parameter == Parameter::Geography.name() {
                true => format!("La publication lue n’a pas la géographie du {day}."),
                false => format!("{named} ne désigne aucun territoire au {day} ; {known}.{instead}"),
            };
            ("not_in_geography", what)
        }
        UnselectedReason::SpelledOtherwise(spellings) => {
            about.instead_values.clone_from(spellings);
            let quoted: Vec<String> = spellings.iter().map(|one| format!("« {} »", echo(one))).collect();
            (
                "other_spelling",
                format!(
                    "{named} : aucune ligne n’a cette valeur dans `{parameter}` ; il y a {}, que `{parameter}__contains` trouve aussi.",
                    quoted.join(", ")
                ),
            )
        }
        UnselectedReason::TwoNumbers(one, other) => {
            about.instead_values = vec![format!("{one}.{other}")];
            let what = format!(
                "`{parameter}={one},{other}` se lit {one} ou {other} : la virgule sépare deux valeurs ; un nombre décimal a un point, {one}.{other}."
            );
            ("two_numbers", what)
        }
    };
    CodeFinding { kind, what, release, about }
}

fn span(span: &Existence) -> String {
    match span.valid_until {
        Some(end) => format!("du {} jusqu’au {end} exclu", span.valid_from),
        None => format!("depuis le {}", span.valid_from),
    }
}
