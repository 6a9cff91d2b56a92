//! Owns the routes: the list of endpoints, each registered and documented from the same entry.
//! Must not know any one dataset.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError, Route, guard, web};
use utoipa::openapi::path::Operation;

use super::handlers::{
    changes, collections, contour, docs, files, health, history, index, items, latest_release, problems, profile, publications,
    redirect, releases_feed,
};
use super::middleware::security_headers;
use super::request::paths;
use super::response::links;
use super::state::State;
use crate::problem::{self, Kind, Problem};
use crate::query::model::link::HISTORY;
use crate::query::{Context, Dataset, Link};

/// The tag of the endpoints that serve no dataset.
pub const SERVICE: &str = "service";

/// The tag of the endpoints that synchronise a copy.
pub const SYNC: &str = "sync";

/// The tag of the endpoints that publish.
pub const PUBLISHING: &str = "publishing";

/// The tag of the endpoints of files.
pub const FILES: &str = "files";

/// A path with its handler and its description.
pub enum Endpoint {
    /// `/v1/{dataset}`: the rows of a dataset; `/v1/aggregates/{dataset}`: groups of them.
    Collection(Context),
    /// `/v1/{dataset}/{code}`: one row.
    Item(Context),
    /// `/v1/{dataset}/{code}/{link}`: the rows that a link of the dataset leads to, and no filter selects.
    Related(&'static Dataset, &'static Link, Context),
    /// `/v1/{dataset}/{code}/history`: the versions of one row.
    History(Context),
    /// Any other path that is read.
    Custom(CustomEndpoint),
    /// A path that accepts only POST.
    Post(CustomEndpoint),
}

/// A path with its own handler, which describes itself with `#[utoipa::path]`.
pub struct CustomEndpoint {
    path: String,
    tag: &'static str,
    describe: fn() -> Operation,
    route: fn() -> Route,
}

impl CustomEndpoint {
    fn new<P: utoipa::Path>(tag: &'static str, route: fn() -> Route) -> Self {
        Self { path: P::path(), tag, describe: P::operation, route }
    }

    /// The OpenAPI operation.
    pub fn operation(&self) -> Operation {
        let mut operation = (self.describe)();
        operation.tags = Some(vec![self.tag.to_owned()]);
        operation
    }
}

fn custom<P: utoipa::Path>(tag: &'static str, route: fn() -> Route) -> Endpoint {
    Endpoint::Custom(CustomEndpoint::new::<P>(tag, route))
}

/// Every endpoint, in the order of the documentation.
///
/// # Panics
/// Panics if a link of the registry leads to a dataset that the registry does not have.
pub fn all(registry: &'static [&'static Dataset]) -> Vec<Endpoint> {
    let mut all = vec![
        custom::<index::__path_home>(SERVICE, || web::to(index::home)),
        custom::<index::__path_index>(SERVICE, || web::to(index::index)),
        custom::<contour::__path_contour>("territories", || web::to(contour::contour)),
        custom::<profile::__path_profile>("territories", || web::to(profile::profile)),
        custom::<changes::__path_changes>(SYNC, || web::to(changes::changes)),
        custom::<latest_release::__path_latest>("releases", || web::to(latest_release::latest)),
        custom::<releases_feed::__path_feed>(SYNC, || web::to(releases_feed::feed)),
        custom::<files::list::__path_list>(FILES, || web::to(files::list::list)),
        custom::<files::__path_current>(FILES, || web::to(files::current)),
        custom::<files::__path_pinned>(FILES, || web::to(files::pinned)),
        Endpoint::Post(CustomEndpoint::new::<publications::__path_publish>(PUBLISHING, || web::to(publications::publish))),
        custom::<publications::__path_status>(PUBLISHING, || web::to(publications::status)),
        custom::<health::__path_live>(SERVICE, || web::to(health::live)),
        custom::<health::__path_ready>(SERVICE, || web::to(health::ready)),
        custom::<docs::__path_document>(SERVICE, || web::to(docs::document)),
        custom::<problems::__path_problems>(SERVICE, || web::to(problems::problems)),
        custom::<problems::__path_problem>(SERVICE, || web::to(problems::problem)),
    ];
    for dataset in registry.iter().copied().filter(|dataset| dataset.public) {
        all.push(Endpoint::Collection(Context::of(registry, dataset)));
        all.extend(Context::aggregates(registry, dataset).map(Endpoint::Collection));
        all.push(Endpoint::Item(Context::of(registry, dataset)));
        if dataset.has_history() {
            all.push(Endpoint::History(Context::of(registry, dataset).history()));
        }
        for link in dataset.links.iter().filter(|link| link.filter().is_none()) {
            let target = registry
                .iter()
                .copied()
                .find(|target| target.name == link.target)
                .expect("a link leads to a dataset of the registry");
            let context = Context { registry, dataset: target, link: Some(link), extra: link.extra_fields(), aggregated: false };
            all.push(Endpoint::Related(dataset, link, context));
        }
    }
    all
}

/// The addresses of links whose rows a filter selects. They redirect to the filtered list, and the document leaves them out.
pub fn redirects(registry: &'static [&'static Dataset]) -> impl Iterator<Item = Resource> {
    redirected(registry)
        .map(|(path, link)| read_only(&path, web::to(move |request: HttpRequest| redirect::redirect(request, link))))
}

/// The paths of [`redirects`], each with its link.
pub fn redirected(registry: &'static [&'static Dataset]) -> impl Iterator<Item = (String, &'static Link)> {
    let public = registry.iter().copied().filter(|dataset| dataset.public);
    let links = public.flat_map(|dataset| dataset.links.iter().map(move |link| (dataset, link)));
    links
        .filter(|(_, link)| link.filter().is_some())
        .map(|(dataset, link)| (format!("/v1/{}/{{code}}/{}", dataset.name, link.name), link))
}

impl Endpoint {
    /// The path, with `{code}` in place of a code.
    pub fn path(&self) -> String {
        match self {
            Endpoint::Collection(context) => links::collection_path(*context),
            Endpoint::Item(context) => format!("/v1/{}/{{code}}", context.dataset.name),
            Endpoint::Related(dataset, link, _) => {
                format!("/v1/{}/{{code}}/{}", dataset.name, link.name)
            }
            Endpoint::History(context) => format!("/v1/{}/{{code}}/{}", context.dataset.name, HISTORY.name),
            Endpoint::Custom(custom) | Endpoint::Post(custom) => custom.path.clone(),
        }
    }

    /// The actix resource: GET and HEAD with one handler, or POST; OPTIONS; and 405 with `Allow` for any other method.
    pub fn resource(&self) -> Resource {
        let route = match self {
            Endpoint::Collection(context) => {
                let context = *context;
                web::to(move |request: HttpRequest, state: web::Data<State>| collections::list(request, state, context, None))
            }
            Endpoint::Item(context) => {
                let dataset = context.dataset;
                web::to(move |request: HttpRequest, state: web::Data<State>| items::item(request, state, dataset))
            }
            Endpoint::Related(dataset, _, context) => {
                let (dataset, context) = (*dataset, *context);
                web::to(move |request: HttpRequest, state: web::Data<State>| {
                    collections::list(request, state, context, Some(dataset))
                })
            }
            Endpoint::History(context) => {
                let context = *context;
                web::to(move |request: HttpRequest, state: web::Data<State>| history::history(request, state, context))
            }
            Endpoint::Custom(custom) => (custom.route)(),
            Endpoint::Post(custom) => {
                return web::resource(custom.path.as_str())
                    .route((custom.route)().guard(guard::Post()))
                    .default_service(web::to(|request| options_or_405(request, "OPTIONS, POST")));
            }
        };
        read_only(&self.path(), route)
    }
}

/// A resource that accepts GET, HEAD and OPTIONS.
pub fn read_only(path: &str, route: Route) -> Resource {
    web::resource(path)
        .route(route.guard(guard::Any(guard::Get()).or(guard::Head())))
        .default_service(web::to(|request| options_or_405(request, "GET, HEAD, OPTIONS")))
}

async fn options_or_405(request: HttpRequest, allowed: &'static str) -> HttpResponse {
    if request.method() == Method::OPTIONS {
        return security_headers::options(&request, allowed);
    }
    let method = problem::echo(request.method().as_str());
    let instead = match request.method() == Method::POST && request.path() == paths::RELEASES {
        true => format!(" A release is published with POST {}.", paths::PUBLICATIONS),
        false => String::new(),
    };
    let problem = Problem::new(Kind::MethodNotAllowed, format!("{method} is not allowed here, only {allowed}.{instead}"));
    let mut response = problem.error_response();
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    response
}
