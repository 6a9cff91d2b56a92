//! Owns the errors of requests that name unknown releases, codes or territories.
//! Must not know SQL.

use super::{absent, geography_errors};
use crate::db::read::checked::{Refusal, UnknownCode};
use crate::db::read::releases::ReleaseNotFound;
use crate::http::state::State;
use crate::problem::{Fault, Kind, Problem, Reason};
use crate::query::model::value::instant;
use crate::query::{Dataset, Parameter, Plan, ResolvedPlan};

/// The error of a plan whose release does not exist: 400, or 503 before the first publication.
pub fn release_refusal(plan: &Plan, why: ReleaseNotFound) -> Problem {
    match why {
        ReleaseNotFound::NoRelease(newest) => no_release(plan.selection.release, newest),
        ReleaseNotFound::BeforeFirst(first) => {
            let date = instant(first.published_at);
            let detail = format!("Nothing had been published yet: the first release is of {date}.");
            as_of_fault(plan, Fault::new(Reason::OutOfRange, Parameter::AsOf.name(), detail).closest([date]))
        }
        ReleaseNotFound::OtherRelease(then) => {
            let pinned = plan.selection.release.unwrap_or_default();
            let detail = format!(
                "The cursor reads release {pinned}, but at `as_of` the newest was release {}; leave `as_of` out.",
                then.number
            );
            as_of_fault(plan, Fault::new(Reason::NotTogether, Parameter::AsOf.name(), detail))
        }
    }
}

/// The error of a plan that names unknown codes or territories: 400 or 404; 503 if the database does not answer.
pub async fn refusal(state: &State, plan: &ResolvedPlan, parent: Option<&'static Dataset>, why: Refusal) -> Problem {
    let release = &plan.release;
    match why {
        Refusal::NoParent => match parent {
            Some(parent) => absent::absent(state, parent, plan.selection.parent.as_deref().unwrap_or_default(), release).await,
            None => Problem::internal(),
        },
        Refusal::UnknownCodes(unknown) => Problem::invalid_parameters(unknown.into_iter().map(unknown_code).collect()),
        Refusal::GeographyDate(error) => geography_errors::refusal(plan, error),
    }
}

fn as_of_fault(plan: &Plan, fault: Fault) -> Problem {
    let as_of = plan.selection.as_of.as_ref().map_or("", |as_of| as_of.text.as_str());
    Problem::invalid_parameters(vec![fault.value(as_of)])
}

/// The error of an unknown release: 400, or 503 before the first publication.
pub fn no_release(requested: Option<i32>, newest: Option<i32>) -> Problem {
    let (Some(requested), Some(newest)) = (requested, newest) else {
        return Problem::new(Kind::Unavailable, "Nothing has been published yet.");
    };
    let fault = Fault::new(Reason::UnknownRelease, "release", format!("This release does not exist; the newest is {newest}."));
    Problem::invalid_parameters(vec![fault.value(&requested.to_string()).closest([newest.to_string()])])
}

/// The fault of a code that no release has ever had.
pub fn unknown_code(unknown: UnknownCode) -> Fault {
    let detail = format!("No release has ever had a row of {} with this code.", unknown.dataset.name);
    Fault::new(Reason::UnknownCode, unknown.parameter, detail).value(&unknown.code).closest(unknown.closest)
}
