//! Owns `/v1/publications/{id}`: the status of a publication, for the key that requested it.
//! Must not know how a publication runs.

use actix_web::{HttpRequest, HttpResponse, web};

use super::answer::{self, PublicationDocument};
use crate::http::middleware::authentication;
use crate::http::request::path_and_query;
use crate::http::state::State;
use crate::problem::{Kind, Problem};

/// One publication
///
/// Returns a publication: its state, and its report or problem once it has ended. Only the key that made it may read it.
#[utoipa::path(
    get,
    path = "/v1/publications/{id}",
    operation_id = "getPublication",
    params(("id" = String, Path, description = "The identifier, as in the header `Location`.", example = "6f1c0f0b7f0e4c1c9e3a5b0d2f4a6c8e")),
    responses((status = 200, description = "The publication.", body = PublicationDocument)),
    security(("key" = []))
)]
pub async fn status(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let key = authentication::key(&request, &state).await?;
    path_and_query::no_parameters(&request)?;
    let id = path_and_query::segment(&request, "id")?;
    match state.submissions.find(key.name, id).await? {
        Some(submission) => {
            if let Some(number) = submission.result.as_ref().and_then(|completed| completed.release) {
                state.release_watcher.wait_for(number).await;
            }
            Ok(answer::publication(HttpResponse::Ok(), &submission, &state.problem_base))
        }
        None => Err(Problem::new(Kind::UnknownCode, "This key has requested no publication with this identifier.")),
    }
}
