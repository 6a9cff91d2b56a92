//! Owns `/v1/releases/latest`: the newest release, or the one that was the newest at an instant.
//! Must not know how a row is answered.

use actix_web::{HttpRequest, HttpResponse, web};

use super::items;
use crate::http::request::paths;
use crate::http::state::State;
use crate::problem::Problem;

/// Get the newest release
///
/// Answers with the newest release, as `/v1/releases/{number}` does; with `as_of`, the one that was the newest then. `latest` is
/// a word of this address and no number: filters and other addresses do not take it.
#[utoipa::path(
    get,
    path = "/v1/releases/latest",
    operation_id = "getLatestRelease",
    params(
        ("fields" = Option<Vec<String>>, Query, style = Form, explode = false, description = "Only these fields.", example = json!(["number", "published_at"])),
        ("labels" = Option<String>, Query, description = "As for one release.", pattern = "^[a-z]+$"),
        ("release" = Option<i32>, Query, description = "The newest release is this one.", example = 2, minimum = 1),
        ("as_of" = Option<String>, Query, description = "The release that was the newest at the end of this day (UTC), or at this instant.", pattern = "^[0-9T:.+Z-]+$"),
    ),
    responses((status = 200, description = "The release.", body = ref("#/components/schemas/ReleaseItem")))
)]
pub async fn latest(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let dataset = state.dataset(paths::RELEASES_DATASET).ok_or_else(Problem::internal)?;
    items::latest_release(&request, &state, dataset).await
}
