//! Owns the documentation pages: the OpenAPI document, and Swagger UI, which loads nothing from other servers.
//! Must not know what the document says.

use std::sync::{Arc, LazyLock};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa_swagger_ui::Config;

use crate::http::cache::policy::CachePolicy;
use crate::http::request::path_and_query;
use crate::http::response::envelope::JSON;
use crate::http::response::respond_cached::respond_cached;
use crate::http::state::State;
use crate::problem::{Kind, Problem};

/// The path of the document.
pub const DOCUMENT: &str = "/openapi.json";

/// The path pattern of Swagger UI.
pub const PAGES: &str = "/docs/{file:.*}";

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::new([DOCUMENT])
        .use_base_layout()
        .deep_linking(true)
        // Closed groups and no list of schemas: to draw all operations at once takes a small computer many seconds.
        .doc_expansion("none")
        .default_models_expand_depth(-1)
        .filter(true)
        .try_it_out_enabled(true)
        .display_request_duration(true)
        .validator_url("none");
    Arc::new(config)
});

/// This document
///
/// Returns the OpenAPI 3.1 document of the service, generated from its handlers.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApi",
    responses((status = 200, description = "The document.", body = Object))
)]
pub async fn document(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    path_and_query::no_parameters(&request)?;
    let document = async || Ok(HttpResponse::Ok().content_type(JSON).body(state.document.clone()));
    respond_cached(&request, &state, CachePolicy::of_program(DOCUMENT), document).await
}

/// The contract of `/v1` in its languages, each with its path.
pub const CONTRACTS: [(&str, &str); 2] = [
    ("/docs/contract", include_str!("../../../docs/contract.md")),
    ("/docs/contract.fr", include_str!("../../../docs/contract.fr.md")),
];

/// Answers with a text of the documentation.
///
/// # Errors
/// Returns 400 if the request has parameters.
pub async fn contract(
    request: HttpRequest,
    state: web::Data<State>,
    path: &'static str,
    page: &'static str,
) -> Result<HttpResponse, Problem> {
    path_and_query::no_parameters(&request)?;
    let text = async || Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(page));
    respond_cached(&request, &state, CachePolicy::of_program(path), text).await
}

/// Redirects `/docs` to `/docs/`, since the page has relative addresses.
pub async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

/// Answers with a file of Swagger UI.
///
/// # Errors
/// Returns 404 if Swagger UI does not have the file.
pub async fn page(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let file = request.match_info().get("file").unwrap_or_default();
    respond_cached(&request, &state, CachePolicy::of_program(format!("/docs/{file}")), async || swagger_file(file)).await
}

fn swagger_file(file: &str) -> Result<HttpResponse, Problem> {
    match utoipa_swagger_ui::serve(file, Arc::clone(&CONFIG)) {
        Ok(Some(page)) => Ok(HttpResponse::Ok().content_type(with_charset(&page.content_type)).body(page.bytes.into_owned())),
        Ok(None) => Err(Problem::new(Kind::UnknownResource, "This page does not exist.").closest(vec!["/docs/".to_owned()])),
        Err(error) => {
            log::error!("cannot make a page of the documentation: {error}");
            Err(Problem::internal())
        }
    }
}

fn with_charset(media_type: &str) -> String {
    match media_type.starts_with("text/") && !media_type.contains("charset") {
        true => format!("{media_type}; charset=utf-8"),
        false => media_type.to_owned(),
    }
}
