//! Owns publishing over HTTP: `POST /v1/publications` makes a publication, `/v1/publications/{id}` has its status.
//! Must not know how files are checked, nor SQL.

mod answer;
mod parts;
mod receive;
mod status;

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use serde_json::json;
use tokio::sync::oneshot::Receiver;
use utoipa::ToSchema;

pub use self::answer::PublicationDocument;
pub use self::status::{__path_status, status};
use crate::access::Rights;
use crate::db::write::api_keys::ApiKey;
use crate::db::write::submissions::{NewSubmission, Submission, SubmissionResult};
use crate::http::middleware::authentication;
use crate::http::middleware::request_id::RequestId;
use crate::http::request::path_and_query;
use crate::http::state::State;
use crate::keyed_permits::LimitReached;
use crate::problem::{Fault, Kind, Problem, Reason};
use crate::publication::Outcome;
use crate::publish::{Attempt, Enqueued, PLACES_PER_KEY, PublishingKey, QueuedPublication, SubmissionQueue};

/// The name of the security scheme in the OpenAPI document.
pub const SECURITY_SCHEME: &str = "key";

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The longest idempotency key, in bytes.
const MAX_IDEMPOTENCY_KEY: usize = 255;

/// The most time for the whole body of a publication.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(2 * 60 * 60);

/// The parts of a publication.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the form; the handler reads the parts as a stream")]
pub struct PublicationForm {
    /// The manifest, as TOML: the title of the release, the dataset of each file, the rows to withdraw. Optional for one
    /// file with a recipe.
    #[schema(value_type = String, required = false)]
    manifest: Option<String>,
    /// The files, under their names in the manifest.
    #[schema(value_type = Vec<String>, format = Binary, required = false)]
    file: Vec<u8>,
    /// The recipe for a file whose headers are not names of fields: the name of a built-in recipe, or a file that the
    /// manifest names.
    #[schema(value_type = String, required = false)]
    recipe: Option<String>,
    /// Whether to check everything and publish nothing.
    #[schema(value_type = bool, required = false, default = false)]
    dry_run: Option<bool>,
}

/// Publish files
///
/// Makes a publication: its files become one release, all or nothing. The service checks everything first and reports every
/// fault by file, line and column. The request needs a key whose scopes allow what the files change. With the part
/// `dry_run=true` the service checks everything and publishes nothing. A repeated request with the same `Idempotency-Key` and
/// the same parts gets the same answer and publishes nothing twice. The publication continues if the client disconnects.
#[utoipa::path(
    post,
    path = "/v1/publications",
    operation_id = "createPublication",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "A name that the client chooses for this request, at most 255 visible ASCII characters.",
            example = "2026-11-lot-3", min_length = 1, max_length = 255),
        ("Prefer" = Option<String>, Header, description = "`respond-async`: answer 202 when the whole body is received (RFC 7240).", example = "respond-async"),
    ),
    request_body(content = PublicationForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "Nothing was published: the files change nothing, or it is a dry run.", body = PublicationDocument,
            headers(("Location" = String, description = "The publication."))),
        (status = 201, description = "The release is published; `links.release` is its address.", body = PublicationDocument,
            headers(("Location" = String, description = "The publication."))),
        (status = 202, description = "The body is received; the publication goes on.", body = PublicationDocument,
            headers(("Location" = String, description = "The publication."))),
    ),
    security(("key" = []))
)]
pub async fn publish(request: HttpRequest, payload: web::Payload, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let key = authentication::find(&request, &state).await?;
    let request_id = request.extensions().get::<RequestId>().map_or(String::new(), |id| id.as_str().to_owned());
    let name = key.name.clone();
    let mut attempt = Attempt::new(state.submissions.clone(), &name, &request_id);
    match enqueue(&request, payload, &state, (key, request_id), &mut attempt).await {
        Err(problem) if problem.status == Kind::TooManyRequests.status() => {
            match state.submissions.count_over_limit(&name) {
                Some(count) => attempt.end(Outcome::Refused, json!({"problem": problem, "count": count})).await,
                None => attempt.handed_over(),
            }
            Err(problem)
        }
        Err(problem) => {
            attempt.end(Outcome::Refused, json!({"problem": problem})).await;
            Err(problem)
        }
        Ok((Enqueued::Existing(submission), digest)) => {
            let answer = existing(&submission, &digest, &state.problem_base);
            let outcome = if answer.status() == StatusCode::CONFLICT { Outcome::Refused } else { Outcome::Unchanged };
            attempt.end(outcome, json!({"repeats": submission.id})).await;
            Ok(answer)
        }
        Ok((Enqueued::New(submission, completed), _)) => {
            attempt.handed_over();
            accepted(&request, &state, submission, completed).await
        }
    }
}

/// Receives a publication and puts it into the queue. Returns its digest too.
async fn enqueue(
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
    (key, request_id): (ApiKey, String),
    attempt: &mut Attempt,
) -> Result<(Enqueued, String), Problem> {
    if let Some(decision) = state.rate_limiters.keys.check(&key.name) {
        request.extensions_mut().insert(decision);
        if decision.retry_after.is_some() {
            return Err(Problem::new(Kind::TooManyRequests, "Too many publications came with this key."));
        }
    }
    authentication::check(&key)?;
    let idempotency_key = idempotency_key(request)?;
    receive::check(request, state.submissions.limit())?;
    let permit = state.submissions.try_acquire(&key.name).map_err(no_place)?;
    let id = SubmissionQueue::new_id().map_err(|why| {
        log::error!("{why}");
        Problem::internal()
    })?;
    attempt.receive(&id).await?;
    let folder = state.submissions.create_folder().map_err(|error| receive::unavailable(&error))?;
    let receiving = receive::receive(request, payload, folder, state.submissions.limit(), state.bounds.timeouts);
    let received = tokio::time::timeout(RECEIVE_TIMEOUT, receiving).await.map_err(|_| {
        Problem::new(Kind::RequestTimeout, format!("The body did not arrive within {} minutes.", RECEIVE_TIMEOUT.as_secs() / 60))
    })??;
    let claim = NewSubmission {
        id,
        key: key.name.clone(),
        idempotency_key,
        digest: format!("{}{}", received.digest, if received.dry_run { "-dry" } else { "" }),
        dry_run: received.dry_run,
        bytes: i64::try_from(received.bytes).unwrap_or(i64::MAX),
    };
    let digest = claim.digest.clone();
    let key = PublishingKey { name: key.name, rights: Rights::new(&key.scopes), publisher: key.publisher };
    let publication =
        QueuedPublication { claim, key, request_id, files: received.files, folder: received.folder, alone: received.single_file };
    Ok((state.submissions.enqueue(permit, publication).await?, digest))
}

/// The refusal of a publication for which there is no place.
fn no_place(limit: LimitReached) -> Problem {
    let detail = match limit {
        LimitReached::Total => "The queue of publications is full; try again later.".to_owned(),
        LimitReached::Share => format!(
            "This key has {PLACES_PER_KEY} publications in progress, which is the most for one key; try again when one has ended."
        ),
    };
    Problem::new(Kind::Unavailable, detail)
}

/// Answers for a publication in the queue: at once if the client wants it, or at its end.
async fn accepted(
    request: &HttpRequest,
    state: &State,
    submission: Submission,
    completed: Receiver<SubmissionResult>,
) -> Result<HttpResponse, Problem> {
    if prefers_async(request) {
        let mut response = HttpResponse::Accepted();
        response.insert_header((HeaderName::from_static("preference-applied"), "respond-async"));
        return Ok(answer::located(response, &submission, &state.problem_base));
    }
    match completed.await {
        Ok(result) => {
            // The client may read the new release next.
            if let Some(number) = result.release {
                state.release_watcher.wait_for(number).await;
            }
            Ok(answer::ended(&submission.ended(result), &state.problem_base))
        }
        Err(_) => Err(Problem::internal().instance(answer::address(&submission.id))),
    }
}

/// Answers a request whose idempotency key was used before.
fn existing(submission: &Submission, digest: &str, base: &str) -> HttpResponse {
    let address = answer::address(&submission.id);
    let conflict = |detail: String| Problem::new(Kind::IdempotencyConflict, detail).instance(address.clone()).error_response();
    match &submission.result {
        _ if submission.digest != digest => conflict("The idempotency key was used for another publication.".to_owned()),
        Some(_) => answer::ended(submission, base),
        None => conflict(format!("The publication is in progress; its status is at {address}.")),
    }
}

/// Reads `Idempotency-Key`, with every fault of the head of the request.
fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut faults = Vec::new();
    for (name, value) in path_and_query::pairs(request)? {
        let detail = match parts::PARTS.contains(&name.as_str()) {
            true => format!("`{name}` is a part of the form, not a parameter."),
            false => format!("`{}` is not a parameter of this address, which has none.", crate::problem::echo(&name)),
        };
        faults.push(Fault::new(Reason::UnknownParameter, name, detail).value(&value));
    }
    let mut given = request.headers().get_all(IDEMPOTENCY_KEY);
    let key = given.next().map(|value| value.to_str().unwrap_or_default().trim().trim_matches('"').to_owned());
    let right = |key: &String| (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if given.next().is_some() || !key.as_ref().is_none_or(right) {
        let detail = format!("The header must appear once, with 1 to {MAX_IDEMPOTENCY_KEY} visible ASCII characters.");
        faults.push(Fault::of_header(Reason::BadSyntax, "Idempotency-Key", detail));
    }
    if faults.is_empty() { Ok(key) } else { Err(Problem::invalid_parameters(faults)) }
}

fn prefers_async(request: &HttpRequest) -> bool {
    let given = request.headers().get_all("prefer").filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"))
}
