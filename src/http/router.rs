//! Owns the list of endpoints: each is registered and described from the same entry, so that neither can be forgotten.
//! Must not know any one dataset.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, Resource, Route, guard, web};
use utoipa::openapi::path::Operation;

use super::handlers::{
    changes, collections, contour, docs, files, health, history, index, items, problems, profile, publications, releases_feed,
};
use super::middleware::security_headers;
use super::openapi::operations;
use super::state::State;
use crate::problem::{Kind, Problem};
use crate::query::dataset::HISTORY;
use crate::query::{Context, Dataset, Field, Kind as FieldKind, Link, Origin, Via};

/// What the links of territories add to each row.
pub static SHARE: [Field; 1] = [Field {
    origin: Origin::Link,
    ..Field::required(
        "share",
        FieldKind::Decimal,
        "The share of the inhabitants of the smaller territory who live in the larger: 1 when it lies wholly in it.",
        "1",
    )
}];

/// The tag of the endpoints that serve no dataset.
pub const SERVICE: &str = "service";

/// The tag of the endpoints for those who keep a copy.
pub const SYNC: &str = "sync";

/// The tag of the endpoints of files.
pub const FILES: &str = "files";

/// One address and what answers there.
pub enum Endpoint {
    /// The rows of a dataset.
    Collection(Context),
    /// One row.
    Item(Context),
    /// The rows that a link leads to, from a row of a dataset.
    Related(&'static Dataset, &'static Link, Context),
    /// The versions of one row.
    History(Context),
    /// A handler of its own, described where it stands.
    Own(Own),
}

/// A handler of its own.
pub struct Own {
    path: String,
    tag: &'static str,
    describe: fn() -> Operation,
    route: fn() -> Route,
}

impl Own {
    /// A handler with its description.
    fn endpoint<P: utoipa::Path>(tag: &'static str, route: fn() -> Route) -> Endpoint {
        Endpoint::Own(Self::new::<P>(tag, route))
    }

    fn new<P: utoipa::Path>(tag: &'static str, route: fn() -> Route) -> Self {
        Self { path: P::path(), tag, describe: P::operation, route }
    }

    fn operation(&self) -> Operation {
        let mut operation = (self.describe)();
        operation.tags = Some(vec![self.tag.to_owned()]);
        operation
    }
}

/// What is written to an address that is also read: the only one there is.
fn writer(path: &str) -> Option<Own> {
    let publish = Own::new::<publications::__path_publish>("releases", || web::to(publications::publish));
    Some(publish).filter(|own| own.path == path)
}

/// Every endpoint, in the order of the documentation.
pub fn all(registry: &'static [&'static Dataset]) -> Vec<Endpoint> {
    let mut all = vec![
        Own::endpoint::<index::__path_home>(SERVICE, || web::to(index::home)),
        Own::endpoint::<index::__path_index>(SERVICE, || web::to(index::index)),
        Own::endpoint::<contour::__path_contour>("territories", || web::to(contour::contour)),
        Own::endpoint::<profile::__path_profile>("territories", || web::to(profile::profile)),
        Own::endpoint::<changes::__path_changes>(SYNC, || web::to(changes::changes)),
        Own::endpoint::<releases_feed::__path_feed>(SYNC, || web::to(releases_feed::feed)),
        Own::endpoint::<files::__path_list>(FILES, || web::to(files::list)),
        Own::endpoint::<files::__path_current>(FILES, || web::to(files::current)),
        Own::endpoint::<files::__path_pinned>(FILES, || web::to(files::pinned)),
        Own::endpoint::<publications::__path_status>("releases", || web::to(publications::status)),
        Own::endpoint::<health::__path_live>(SERVICE, || web::to(health::live)),
        Own::endpoint::<health::__path_ready>(SERVICE, || web::to(health::ready)),
        Own::endpoint::<docs::__path_document>(SERVICE, || web::to(docs::document)),
        Own::endpoint::<problems::__path_problems>(SERVICE, || web::to(problems::problems)),
        Own::endpoint::<problems::__path_problem>(SERVICE, || web::to(problems::problem)),
    ];
    for dataset in registry.iter().copied().filter(|dataset| dataset.public) {
        all.push(Endpoint::Collection(Context::of(registry, dataset)));
        all.push(Endpoint::Item(Context::of(registry, dataset)));
        if dataset.has_history() {
            all.push(Endpoint::History(Context::of(registry, dataset).history()));
        }
        for link in dataset.links {
            let target = registry
                .iter()
                .copied()
                .find(|target| target.name == link.target)
                .expect("a link leads to a dataset of the registry");
            let extra: &[Field] = if matches!(link.via, Via::Containment(_)) { &SHARE } else { &[] };
            all.push(Endpoint::Related(dataset, link, Context { registry, dataset: target, link: Some(link), extra }));
        }
    }
    all
}

impl Endpoint {
    /// The address, with `{code}` where a code stands.
    pub fn path(&self) -> String {
        match self {
            Endpoint::Collection(context) => format!("/v1/{}", context.dataset.name),
            Endpoint::Item(context) => format!("/v1/{}/{{code}}", context.dataset.name),
            Endpoint::Related(dataset, link, _) => {
                format!("/v1/{}/{{code}}/{}", dataset.name, link.name)
            }
            Endpoint::History(context) => format!("/v1/{}/{{code}}/{}", context.dataset.name, HISTORY.name),
            Endpoint::Own(own) => own.path.clone(),
        }
    }

    /// The description.
    pub fn operation(&self) -> Operation {
        match self {
            Endpoint::Collection(context) => operations::collection(*context),
            Endpoint::Item(context) => operations::item(*context),
            Endpoint::Related(dataset, link, context) => operations::related(dataset, link, *context),
            Endpoint::History(context) => history::describe(*context),
            Endpoint::Own(own) => own.operation(),
        }
    }

    /// The description of what is written to the address, where anything is.
    pub fn written(&self) -> Option<Operation> {
        writer(&self.path()).map(|own| own.operation())
    }

    /// The resource to register: GET and HEAD alike, POST where something is written, OPTIONS, 405 with `Allow` for all else.
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
            Endpoint::Own(own) => (own.route)(),
        };
        let path = self.path();
        match writer(&path) {
            Some(own) => read(&path, route)
                .route((own.route)().guard(guard::Post()))
                .default_service(web::to(|request| refuse(request, "GET, HEAD, OPTIONS, POST"))),
            None => read_only(&path, route),
        }
    }
}

/// A resource that is only read.
pub fn read_only(path: &str, route: Route) -> Resource {
    read(path, route).default_service(web::to(|request| refuse(request, "GET, HEAD, OPTIONS")))
}

fn read(path: &str, route: Route) -> Resource {
    web::resource(path).route(route.guard(guard::Any(guard::Get()).or(guard::Head())))
}

async fn refuse(request: HttpRequest, allowed: &'static str) -> HttpResponse {
    if request.method() == Method::OPTIONS {
        return security_headers::options(&request, allowed);
    }
    let method = crate::problem::echo(request.method().as_str());
    let problem = Problem::new(Kind::MethodNotAllowed, format!("{method} is not admitted here, only {allowed}."));
    let mut response = actix_web::ResponseError::error_response(&problem);
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    response
}
