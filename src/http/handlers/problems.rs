//! Owns the pages that explain the problem types.
//! Must not know which errors raise them.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::http::cache::policy::CachePolicy;
use crate::http::response::respond_cached::respond_cached;
use crate::http::state::State;
use crate::problem::{self, Kind, Problem};
use crate::query::suggest::closest;

/// The media type of pages.
pub const HTML: &str = "text/html; charset=utf-8";

/// Types of problems
///
/// A page in French that lists all types of problems, and the reasons of single errors. Both lists may grow.
#[utoipa::path(
    get,
    path = "/problems",
    operation_id = "listProblemTypes",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String))
)]
pub async fn problems(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let page = async || Ok(HttpResponse::Ok().content_type(HTML).body(problem::index_page()));
    respond_cached(&request, &state, CachePolicy::of_program("/problems"), page).await
}

/// One type of problem
///
/// A page in French that explains one type of problem: what it means and what to do. The `type` of problem
/// documents ends with its address.
#[utoipa::path(
    get,
    path = "/problems/{slug}",
    operation_id = "getProblemType",
    params(("slug" = String, Path, description = "The type, as in the `type` of a problem document.", example = "invalid-parameters")),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String)
    )
)]
pub async fn problem(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let slug = request.match_info().get("slug").unwrap_or_default();
    match Kind::of_slug(slug) {
        Some(kind) => {
            let page = async || Ok(HttpResponse::Ok().content_type(HTML).body(problem::page(kind)));
            respond_cached(&request, &state, CachePolicy::of_program(kind.uri()), page).await
        }
        None => {
            let near = closest(slug, Kind::ALL.iter().map(|kind| kind.slug()));
            Err(Problem::new(Kind::UnknownResource, "This type of problem does not exist.")
                .closest(near.iter().map(|slug| format!("/problems/{slug}")).collect()))
        }
    }
}
