//! Owns the errors of `geography=`: a day out of range, or a territory in the path that did not exist on that day.
//! Must not know what is read.

use chrono::NaiveDate;

use crate::db::read::geography::{Absent, DateError};
use crate::problem::{Fault, Kind, Problem, Reason, echo};
use crate::query::{Parameter, Plan, pairs};

/// The 400 of a request with `geography=`.
pub fn refusal(plan: &Plan, error: DateError) -> Problem {
    let Some(day) = plan.selection.geography else { return Problem::internal() };
    let own = |reason: Reason, detail: String| Fault::new(reason, Parameter::Geography.name(), detail).value(&day.to_string());
    Problem::invalid_parameters(match error {
        DateError::NoHistory => {
            let detail = "No release has a history of the geography; leave the parameter out.";
            vec![own(Reason::NotApplicable, detail.to_owned())]
        }
        DateError::OutOfRange(first, last) => {
            let near = if day < first { first } else { last };
            vec![own(Reason::OutOfRange, format!("The geography is known from {first} to {last}.")).closest([near.to_string()])]
        }
        DateError::NotThere(one) => {
            let near = one.spans.first().map(|(start, _)| start.to_string());
            vec![own(Reason::OutOfRange, detail(&one, day)).closest(near)]
        }
    })
}

/// The 404 of a code that named no territory on a day.
pub fn unknown_on(code: &str, day: NaiveDate, release: i32) -> Problem {
    let detail = format!(
        "No territory had the code `{}` on {day} according to release {release}; `/v1/territory_states?territory_code={}` lists when one did.",
        echo(code),
        pairs::encode_listed(&echo(code)),
    );
    Problem::new(Kind::UnknownCode, detail)
}

fn detail(absent: &Absent, day: NaiveDate) -> String {
    let code = echo(&absent.code);
    if absent.spans.is_empty() {
        return format!("`{code}` has no history: only the geography of today has it.");
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
    format!("`{code}` named no territory on {day}; it did {}.{instead}", spans.join(" and "))
}
