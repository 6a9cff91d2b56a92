//! Owns how a request for the geography of a day is refused: out of range, or with territories that were not there.
//! Must not know what is asked of that day.

use chrono::NaiveDate;

use crate::db::read::geography::{Absent, DateError};
use crate::problem::{Fault, Kind, Problem, echo};
use crate::query::{Parameter, Plan, pairs};

/// The problem of a day that cannot be read.
pub fn refusal(plan: &Plan, release: i32, error: DateError) -> Problem {
    let Some(day) = plan.selection.geography else { return Problem::internal() };
    let own = |detail: String| Fault::new(Parameter::Geography.name(), detail).value(&day.to_string());
    Problem::invalid_parameters(match error {
        DateError::NoHistory => {
            vec![own(format!("Release {release} holds no history of the geography; leave the parameter out."))]
        }
        DateError::OutOfRange(first, last) => {
            let near = if day < first { first } else { last };
            vec![own(format!("The geography is known from {first} to {last}.")).closest([near.to_string()])]
        }
        DateError::NotThere(absent) => absent
            .into_iter()
            .map(|one| {
                let detail = detail(&one, day);
                match one.parameter {
                    Some(name) => Fault::new(name, detail).value(&one.code).closest(one.instead),
                    None => own(detail).closest(one.spans.first().map(|(start, _)| start.to_string())),
                }
            })
            .collect(),
    })
}

/// The problem of a code that named nothing on a day.
pub fn nothing(code: &str, day: NaiveDate, release: i32) -> Problem {
    let detail = format!(
        "No territory had the code `{}` on {day}, as far as release {release} knows; `/v1/territories/{}/versions` tells when one did.",
        echo(code),
        pairs::encode_segment(&echo(code)),
    );
    Problem::new(Kind::UnknownCode, detail)
}

fn detail(absent: &Absent, day: NaiveDate) -> String {
    let code = echo(&absent.code);
    if absent.spans.is_empty() {
        return format!("`{code}` has no history: it is only known in the geography of today.");
    }
    let span = |(start, end): &(NaiveDate, Option<NaiveDate>)| match end {
        Some(end) => format!("from {start} until {end}"),
        None => format!("from {start} on"),
    };
    let spans: Vec<String> = absent.spans.iter().map(span).collect();
    let instead = match absent.instead.is_empty() {
        true => String::new(),
        false => format!(" Instead: {}.", absent.instead.join(", ")),
    };
    format!("`{code}` named no territory on {day}, as far as is known; it did {}.{instead}", spans.join(" and "))
}
