//! Owns the responses about a publication: its report, its problem, its status.
//! Must not know how a publication runs.

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::write::submissions::{Submission, SubmissionResult};
use crate::http::request::paths::{PUBLICATIONS, RELEASES};
use crate::http::response::envelope::{JSON, instant};
use crate::http::response::header_names::PUBLICATION_ID;
use crate::problem::{FileFaults, Kind, Problem};
use crate::publication::{Outcome, PublicationState, Report};

/// A report and its links.
#[derive(Serialize, ToSchema)]
pub struct ReportDocument {
    /// The report.
    data: Report,
    /// Related addresses.
    links: PublicationLinks,
}

/// The status of a publication.
#[derive(Serialize, ToSchema)]
#[schema(as = Publication)]
pub struct PublicationStatus {
    /// Its identifier.
    #[schema(example = "6f1c0f0b7f0e4c1c9e3a5b0d2f4a6c8e")]
    id: String,
    /// `queued`, `reading`, `checking`, `comparing`, and finally `done`, `refused` or `failed`.
    #[schema(example = "reading")]
    state: &'static str,
    /// Whether it is a dry run.
    dry_run: bool,
    /// When it was requested.
    #[schema(format = DateTime)]
    created_at: String,
    /// The bytes of its files that have been read.
    bytes_read: i64,
    /// The bytes of its files.
    bytes_total: i64,
    /// Its report, once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
    /// Its problem, if it was refused or has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// The status of a publication and its links.
#[derive(Serialize, ToSchema)]
pub struct PublicationDocument {
    /// The status.
    data: PublicationStatus,
    /// Related addresses.
    links: PublicationLinks,
}

/// Addresses related to a publication.
#[derive(Serialize, ToSchema)]
pub struct PublicationLinks {
    /// The status of the publication.
    #[schema(example = "/v1/publications/6f1c0f0b7f0e4c1c9e3a5b0d2f4a6c8e")]
    publication: String,
    /// The release that it made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/v1/releases/3")]
    release: Option<String>,
}

/// The response to a client that waited for the end of a publication.
pub fn completed(id: &str, completed: &SubmissionResult) -> HttpResponse {
    if let Some(refused) = refusal(completed) {
        return problem(id, refused);
    }
    let Some(data) = report(completed) else { return problem(id, Problem::internal()) };
    let links = links(id, completed.release);
    let mut response = match &links.release {
        Some(release) => {
            let mut created = HttpResponse::Created();
            created.insert_header((header::LOCATION, release.clone()));
            created
        }
        None => HttpResponse::Ok(),
    };
    headers(&mut response, id);
    response.json(ReportDocument { data, links })
}

/// The response of a publication that failed.
pub fn problem(id: &str, problem: Problem) -> HttpResponse {
    let mut response = problem.error_response();
    if let Ok(value) = header::HeaderValue::from_str(id) {
        response.headers_mut().insert(PUBLICATION_ID, value);
    }
    response
}

/// The response with the status of a publication.
pub fn publication(mut response: HttpResponseBuilder, submission: &Submission) -> HttpResponse {
    headers(&mut response, &submission.id);
    let completed = submission.result.as_ref();
    let release = completed.and_then(|completed| completed.release);
    let data = PublicationStatus {
        id: submission.id.clone(),
        state: submission.state.name(),
        dry_run: submission.dry_run,
        created_at: instant(submission.created_at),
        bytes_read: submission.bytes_read,
        bytes_total: submission.bytes_total,
        report: completed.filter(|completed| refusal(completed).is_none()).and_then(report),
        problem: match completed {
            Some(completed) => refusal(completed),
            None => (submission.state == PublicationState::Ended(Outcome::Failed)).then(Problem::internal),
        },
    };
    response.json(PublicationDocument { data, links: links(&submission.id, release) })
}

fn headers(response: &mut HttpResponseBuilder, id: &str) {
    response.insert_header((PUBLICATION_ID, id)).insert_header((header::CONTENT_TYPE, JSON));
    response.insert_header((header::CACHE_CONTROL, "private, no-store"));
}

fn links(id: &str, release: Option<i32>) -> PublicationLinks {
    PublicationLinks {
        publication: format!("{PUBLICATIONS}/{id}"),
        release: release.map(|number| format!("{RELEASES}/{number}")),
    }
}

/// The report of a successful publication, from its audit record.
fn report(completed: &SubmissionResult) -> Option<Report> {
    let read = serde_json::from_value(completed.detail.clone());
    read.map_err(|error| log::error!("cannot read the report of a publication: {error}")).ok()
}

/// The problem of a publication, from its audit record; `None` if it succeeded.
fn refusal(completed: &SubmissionResult) -> Option<Problem> {
    match completed.outcome {
        Outcome::Refused => {
            let files: FileFaults = serde_json::from_value(completed.detail.clone()).unwrap_or_default();
            let detail = format!("Nothing was published: the files have {} fault(s).", files.count);
            Some(Problem::new(Kind::RefusedFiles, detail).files(files))
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
        Some("full") => "Nothing was published: the disk of the database is full; reads still work.",
        _ => "The database did not answer; nothing was published.",
    }
}
