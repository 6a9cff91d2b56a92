//! Owns the entry points: the page at `/` for people, in French, and the list at `/v1` for programs.
//! Must not know any one dataset.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::docs;
use super::problems::HTML;
use crate::http::cache::policy::CachePolicy;
use crate::http::deprecation::Deprecation;
use crate::http::request::public_address::PublicAddress;
use crate::http::request::{path_and_query, paths};
use crate::http::response::envelope::JSON;
use crate::http::response::links;
use crate::http::response::respond_cached::respond_cached;
use crate::http::state::State;
use crate::problem::Problem;
use crate::query::Representation;

/// The entry point for programs.
#[derive(Serialize, ToSchema)]
#[schema(as = DatasetList)]
pub struct Index {
    /// The collections.
    data: Vec<CollectionEntry>,
    /// The parts of the contract that will end, and what replaces each.
    deprecations: &'static [Deprecation],
    /// Other entry points.
    links: IndexLinks,
}

/// One collection.
#[derive(Serialize, ToSchema)]
#[schema(as = DatasetEntry)]
pub struct CollectionEntry {
    /// Its name.
    #[schema(example = "territories")]
    name: &'static str,
    /// Its title, in French.
    #[schema(example = "Territoires")]
    title: &'static str,
    /// What a row is.
    description: &'static str,
    /// Its address.
    #[schema(example = "/v1/territories")]
    href: String,
    /// The names of its fields.
    fields: Vec<&'static str>,
    /// The values of `format`.
    formats: Vec<&'static str>,
    /// The related addresses of one row, with `{code}` in place of its code.
    related: Vec<String>,
    /// The address of an example row.
    #[schema(example = "/v1/territories/DEP-59")]
    example: String,
}

/// Entry points besides the collections.
#[derive(Serialize, ToSchema)]
pub struct IndexLinks {
    /// The OpenAPI document.
    #[schema(example = "/openapi.json")]
    openapi: String,
    /// The documentation for people.
    #[schema(example = "/docs/")]
    docs: String,
    /// What this version promises, and how parts of it end.
    #[schema(example = "/docs/contract")]
    contract: String,
    /// What each release changed.
    #[schema(example = "/v1/changes")]
    changes: String,
    /// The feed of releases.
    #[schema(example = "/v1/releases.atom")]
    feed: String,
    /// The files of the newest release.
    #[schema(example = "/v1/files")]
    files: String,
    /// The types of problems.
    #[schema(example = "/problems")]
    problems: String,
}

/// Collections
///
/// Lists the collections, their fields, and the related addresses of their rows.
#[utoipa::path(
    get,
    path = "/v1",
    operation_id = "listCollections",
    responses((status = 200, description = "The collections.", body = Index))
)]
pub async fn index(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    path_and_query::no_parameters(&request)?;
    respond_cached(&request, &state, CachePolicy::of_program("/v1"), async || Ok(list(&state))).await
}

fn list(state: &State) -> HttpResponse {
    let public = PublicAddress::current();
    let absolute = |address: String| public.absolute(&address);
    let data = state
        .collections()
        .map(|dataset| CollectionEntry {
            name: dataset.name,
            title: dataset.title,
            description: dataset.description,
            href: absolute(format!("/v1/{}", dataset.name)),
            fields: dataset.fields.iter().map(|field| field.name).collect(),
            formats: Representation::of(dataset).map(Representation::name).collect(),
            related: links::related(dataset, "{code}", "{code}").map(|(_, address)| absolute(address)).collect(),
            example: absolute(format!("/v1/{}/{}", dataset.name, dataset.example)),
        })
        .collect();
    let links = IndexLinks {
        openapi: public.absolute("/openapi.json"),
        docs: public.absolute("/docs/"),
        contract: public.absolute(docs::CONTRACTS[0].0),
        changes: public.absolute("/v1/changes"),
        feed: public.absolute(paths::RELEASES_FEED),
        files: public.absolute("/v1/files"),
        problems: public.absolute("/problems"),
    };
    HttpResponse::Ok().content_type(JSON).json(Index { data, deprecations: state.deprecations, links })
}

/// Home page
///
/// A page in French that says what the service is and links its resources.
#[utoipa::path(
    get,
    path = "/",
    operation_id = "getHomePage",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String))
)]
pub async fn home(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    respond_cached(&request, &state, CachePolicy::of_program("/"), async || Ok(page(&state))).await
}

fn page(state: &State) -> HttpResponse {
    let rows: String = state
        .collections()
        .map(|dataset| {
            let name = dataset.name;
            format!("<li><a href=\"/v1/{name}\"><strong>{}</strong> <code>/v1/{name}</code></a></li>", dataset.title)
        })
        .collect();
    HttpResponse::Ok().content_type(HTML).body(format!(
        "<!doctype html><html lang=\"fr\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Repères</title>\
         <link rel=\"alternate\" type=\"application/atom+xml\" title=\"Repères : publications\" href=\"{}\"><style>\
         body{{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}}code{{background:#eee;padding:0 .2em}}\
         </style></head><body><h1>Repères</h1>\
         <p>Les chiffres de la stratégie de prévention et de lutte contre la pauvreté dans les Hauts-de-France : engagements, \
         mesures, conventions, financements et indicateurs, de la commune à la France entière. Chaque réponse dit son unité, \
         sa source et sa date de publication ; rien de ce qui a été publié n’est effacé.</p>\
         <p><a href=\"/docs/\">Documentation</a> · <a href=\"/openapi.json\">OpenAPI</a> · <a href=\"/docs/contract.fr\">Contrat</a> · <a href=\"/v1\">Index</a> · \
         <a href=\"/v1/releases\">Publications</a> · <a href=\"/v1/files\">Fichiers</a> · <a href=\"{}\">Fil Atom</a></p><h2>Collections</h2><ul>{rows}</ul>\
         <h2>Pour commencer</h2><ul>\
         <li><a href=\"/v1/territories?kind=commune&amp;within=DEP-62&amp;sort=-population&amp;limit=5\">Les cinq communes les plus peuplées du Pas-de-Calais</a></li>\
         <li><a href=\"/v1/observations?within=REG-32\">Les chiffres de la région et de ses territoires</a></li>\
         <li><a href=\"/v1/conventions\">Les conventions signées</a></li>\
         <li><a href=\"/v1/territories/PER-bassin-minier/profile\">Le profil du bassin minier</a></li>\
         <li><a href=\"/v1/observations?format=csv&amp;delimiter=;&amp;decimal=,&amp;bom=true\">Toutes les observations, pour un tableur</a></li></ul>\
         <p>Données sous Licence Ouverte 2.0.</p></body></html>",
        paths::RELEASES_FEED,
        paths::RELEASES_FEED
    ))
}
