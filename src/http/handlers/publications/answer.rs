//! Owns the responses about a publication: its report, its problem, its status.
//! Must not know how a publication runs.

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::write::submissions::{Submission, SubmissionResult};
use crate::http::request::paths::{PUBLICATIONS, RELEASES};
use crate::http::response::envelope::JSON;
use crate::problem::{ErrorList, Kind, Problem};
use crate::publication::{Outcome, PublicationState, Report};
use crate::query::model::value::instant;

/// A publication.
#[derive(Serialize, ToSchema)]
#[schema(as = Publication)]
pub struct PublicationStatus {
    /// Its identifier.
    #[schema(example = "6f1c0f0b7f0e4c1c9e3a5b0d2f4a6c8e")]
    id: String,
    /// `queued`, `reading`, `checking`, `comparing`, and finally `done`, `refused` or `failed`. The list may grow.
    #[schema(example = "done")]
    state: &'static str,
    /// `published`: it made a release; `unchanged`: the files change nothing; `would_publish`: a dry run found no fault;
    /// `refused`: the files have faults; `forbidden`: the key lacks a scope, or was revoked meanwhile; `failed`: the service failed.
    /// Null while it runs. The list may grow.
    #[schema(value_type = Option<String>, example = "published")]
    outcome: Option<Outcome>,
    /// Whether it is a dry run.
    dry_run: bool,
    /// When it was requested.
    #[schema(format = DateTime)]
    created_at: String,
    /// The bytes of its files that have been read.
    bytes_read: i64,
    /// The bytes of its files.
    bytes_total: i64,
    /// Its report, once it is done; null before, and if it was refused or has failed.
    report: Option<Report>,
    /// Its problem, if it was refused or has failed.
    problem: Option<Problem>,
}

/// A publication and its links.
#[derive(Serialize, ToSchema)]
pub struct PublicationDocument {
    /// The publication.
    data: PublicationStatus,
    /// Related addresses.
    links: PublicationLinks,
}

/// Addresses related to a publication.
#[derive(Serialize, ToSchema)]
pub struct PublicationLinks {
    /// The publication.
    #[serde(rename = "self")]
    #[schema(example = "/v1/publications/6f1c0f0b7f0e4c1c9e3a5b0d2f4a6c8e")]
    own: String,
    /// The release that it made; null if it made none.
    #[schema(example = "/v1/releases/3")]
    release: Option<String>,
}

/// The address of a publication.
pub fn address(id: &str) -> String {
    format!("{PUBLICATIONS}/{id}")
}

/// The response to a client that waited for the end of a publication: 201 with a release, 200 without one, or the problem.
pub fn ended(submission: &Submission, base: &str) -> HttpResponse {
    match problem(submission) {
        Some(problem) => problem.error_response(),
        None => match submission.result.as_ref().and_then(|result| result.release) {
            Some(_) => located(HttpResponse::Created(), submission, base),
            None => located(HttpResponse::Ok(), submission, base),
        },
    }
}

/// The response with a publication and its address in `Location`.
pub fn located(mut response: HttpResponseBuilder, submission: &Submission, base: &str) -> HttpResponse {
    response.insert_header((header::LOCATION, address(&submission.id)));
    publication(response, submission, base)
}

/// The response with a publication. `base` stands before the address of the type of its problem.
pub fn publication(mut response: HttpResponseBuilder, submission: &Submission, base: &str) -> HttpResponse {
    response.insert_header((header::CONTENT_TYPE, JSON)).insert_header((header::CACHE_CONTROL, "private, no-store"));
    let release = submission.result.as_ref().and_then(|result| result.release);
    let problem = problem(submission);
    let data = PublicationStatus {
        id: submission.id.clone(),
        state: submission.state.name(),
        outcome: match submission.state {
            PublicationState::InProgress(_) => None,
            PublicationState::Ended(outcome) => Some(outcome),
        },
        dry_run: submission.dry_run,
        created_at: instant(submission.created_at),
        bytes_read: submission.bytes_read,
        bytes_total: submission.bytes_total,
        report: submission.result.as_ref().filter(|_| problem.is_none()).and_then(report),
        problem: problem.map(|problem| problem.at(base)),
    };
    let release = release.map(|number| format!("{RELEASES}/{number}"));
    response.json(PublicationDocument { data, links: PublicationLinks { own: address(&submission.id), release } })
}

/// The report of a successful publication, from its audit record.
fn report(completed: &SubmissionResult) -> Option<Report> {
    let read = serde_json::from_value(completed.detail.clone());
    read.map_err(|error| log::error!("cannot read the report of a publication: {error}")).ok()
}

/// The problem of a publication that was refused or has failed.
fn problem(submission: &Submission) -> Option<Problem> {
    let problem = match &submission.result {
        Some(result) => refusal(result),
        None => (submission.state == PublicationState::Ended(Outcome::Failed)).then(Problem::internal),
    };
    problem.map(|problem| problem.instance(address(&submission.id)))
}

/// The problem in an audit record; `None` if the publication succeeded.
fn refusal(completed: &SubmissionResult) -> Option<Problem> {
    match completed.outcome {
        Outcome::Refused => {
            let errors: ErrorList = serde_json::from_value(completed.detail.clone()).unwrap_or_default();
            let detail = format!("Nothing was published: the files have {} error(s).", errors.error_count);
            Some(Problem::new(Kind::RefusedFiles, detail).error_list(errors))
        }
        Outcome::Forbidden if let Some(why) = completed.detail["key"].as_str() => {
            Some(Problem::new(Kind::Unauthenticated, format!("Nothing was published: the key {why}.")))
        }
        Outcome::Forbidden => {
            let missing = completed.detail["missing"].as_array().into_iter().flatten();
            let scopes: Vec<String> = missing.filter_map(|scope| scope.as_str()).map(|scope| format!("`{scope}`")).collect();
            let detail = format!("Nothing was published: the key lacks the scope {}.", scopes.join(", "));
            Some(Problem::new(Kind::Forbidden, detail))
        }
        Outcome::Failed => Some(match completed.detail["passing"].as_bool() {
            Some(true) => Problem::new(Kind::Unavailable, temporary_failure(completed.detail["why"].as_str())),
            _ => Problem::internal(),
        }),
        _ => None,
    }
}

/// Explains a temporary failure.
fn temporary_failure(why: Option<&str>) -> &'static str {
    match why {
        Some("read-only") => "Nothing was published: the database is read-only at the moment; reads go on.",
        Some("died") => "The server that worked on the publication was stopped; nothing was published.",
        Some("full") => "Nothing was published: the disk of the database is full; reads still work.",
        _ => "The database did not answer; nothing was published.",
    }
}
