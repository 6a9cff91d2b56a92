//! Owns the OpenAPI document as a whole: what the endpoints say of themselves, the schemas they share, and the failures
//! that any of them may answer with.
//! Must not know any one dataset.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{OpenApi, RefOr, Schema};

use super::{bounds, caching, failures, operations, schemas, versions};
use crate::http::handlers::{changes, contour, files, health, index, profile, publications, wide_layout};
use crate::http::request::paths;
use crate::http::response::envelope;
use crate::http::router::{self, Endpoint};
use crate::problem;
use crate::query::grouping::GROUPS;
use crate::query::reading::MAXIMUM_LIMIT;
use crate::query::{Dataset, Shape};

const DESCRIPTION: &str = "Figures of the French strategy against poverty in Hauts-de-France: commitments, measures, \
conventions, funding and indicators, for every territory from the commune to the country. Data and titles are in French, as published.\n\n\
**Releases.** Nothing is overwritten: every answer names the release that it was read from (`meta.release`) and links itself pinned to it \
(`links.pinned`), an address whose answer never changes. `as_of` reads what was known on a day or at an instant; `/history` has every version of a \
row, `vintages` those of observations; a row that was withdrawn is answered 410 with the reason, and `meta.notices` tells of figures that were corrected.\n\n\
**Figures are as published.** « près de 350 » is 350 with `qualifier` `nearly`; `nature` says whether it was observed, expected or aimed at; \
every row names its source and the place in it.\n\n\
**Strict.** An unknown parameter, value or code is refused, with every fault of the request at once, what is allowed and what comes closest \
(RFC 9457). Nothing is silently ignored.\n\n\
**Publishing.** `POST /v1/releases` publishes files as one release; it alone, and what says how far a publication is, need a key. \
Reads look at no `Authorization`, right or wrong.\n\n\
**Validators.** Every answer of data has a strong `ETag`; `If-None-Match` is answered 304 without a row read. What is pinned may be kept for ever, \
the rest for ten seconds. `Accept-Encoding` admits `zstd`, `br` and `gzip`.\n\n\
Addresses answer GET and HEAD alike. Lists are paged: follow `links.next`, also given in the header `Link`.";

/// Makes the document.
pub fn document(registry: &'static [&'static Dataset]) -> OpenApi {
    let endpoints = router::all(registry);
    let mut responses = failures::responses();
    responses.insert(caching::NOT_MODIFIED, caching::response());
    let mut document: OpenApi = serde_json::from_value(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Repères",
            "summary": "Open data of the strategy against poverty in Hauts-de-France",
            "description": DESCRIPTION,
            "version": env!("CARGO_PKG_VERSION"),
            "contact": {"name": "Préfecture de la région Hauts-de-France", "email": "pref-communication@nord.gouv.fr"},
            "license": {"name": "Licence Ouverte 2.0 (data)", "identifier": "etalab-2.0"},
        },
        "servers": [{"url": "/", "description": "This server, in production or, where it is tried, a local one", "x-internal": false}],
        "security": [],
        "tags": tags(registry),
        "paths": {},
        "components": {
            "schemas": schemas(&endpoints),
            "parameters": parameters(&endpoints),
            "responses": responses,
            "securitySchemes": {publications::SCHEME: {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "reperes_…",
                "description": "A key, which the operator makes with `reperes keys create`. Reads need none.",
            }},
        },
    }))
    .expect("the frame of the document is made here");
    for endpoint in &endpoints {
        let mut item = PathItem::default();
        item.get = Some(get_operation(endpoint));
        item.post = post_operation(endpoint);
        document.paths.paths.insert(endpoint.path(), item);
    }
    bounds::complete(&document)
}

/// The document as it is served and committed.
pub fn text(registry: &'static [&'static Dataset]) -> String {
    let mut text = serde_json::to_string_pretty(&document(registry)).expect("the document serialises");
    text.push('\n');
    text
}

fn tags(registry: &'static [&'static Dataset]) -> Vec<Value> {
    let datasets = registry.iter().filter(|dataset| dataset.public);
    let mut tags: Vec<Value> =
        datasets.map(|dataset| json!({"name": dataset.name, "description": dataset.description})).collect();
    tags.push(json!({"name": router::SYNC, "description": "Keeping a copy in step: what each release changed, and the feed of releases."}));
    tags.push(json!({"name": router::FILES, "description": "Whole datasets of a release as files that never change."}));
    tags.push(
        json!({"name": router::SERVICE, "description": "The service itself: index, documentation, health, problem types."}),
    );
    tags
}

fn schemas(endpoints: &[Endpoint]) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for endpoint in endpoints {
        let context = match endpoint {
            Endpoint::Collection(context) | Endpoint::Related(_, _, context) => *context,
            Endpoint::History(context) => {
                let (name, row) = (versions::schema_name(*context), versions::schema(*context));
                let rows = json!({"type": "array", "items": {"$ref": schemas::reference(&name)}, "maxItems": MAXIMUM_LIMIT});
                all.insert(format!("{name}Page"), schemas::envelope(*context, &rows));
                all.insert(name, row);
                continue;
            }
            Endpoint::Item(_) | Endpoint::Custom(_) => continue,
        };
        let name = schemas::row_name(context.dataset, context.extra);
        let one = json!({"$ref": schemas::reference(&name)});
        let rows = match context.dataset.shape {
            Shape::Plain => one.clone(),
            _ => json!({"anyOf": [one, {
                "type": "object",
                "description": "With `group_by`, `rollup`, `layout` or `compare`: a group, a series with its periods side by side, or a row with its `comparison`.",
            }]}),
        };
        let most = match context.dataset.shape {
            Shape::Plain => MAXIMUM_LIMIT,
            Shape::Observations => wide_layout::OBSERVATIONS,
            Shape::Money => GROUPS,
        };
        all.insert(format!("{name}Page"), schemas::envelope(context, &json!({"type": "array", "items": rows, "maxItems": most})));
        if context.extra.is_empty() {
            all.insert(format!("{name}Item"), schemas::envelope(context, &one));
        }
        all.insert(name, schemas::row(context));
    }
    let mut fixed = Vec::new();
    collect::<problem::Problem>(&mut fixed);
    collect::<envelope::Meta>(&mut fixed);
    collect::<envelope::Links>(&mut fixed);
    collect::<index::Index>(&mut fixed);
    collect::<health::Health>(&mut fixed);
    collect::<contour::Feature<'static>>(&mut fixed);
    collect::<files::Files>(&mut fixed);
    collect::<changes::answer::Answer<'static>>(&mut fixed);
    collect::<profile::Profile>(&mut fixed);
    collect::<publications::PublicationForm>(&mut fixed);
    collect::<publications::ReportDocument>(&mut fixed);
    collect::<publications::PublicationDocument>(&mut fixed);
    for (name, schema) in fixed {
        let schema = serde_json::to_value(schema).expect("a schema serialises");
        let other = all.insert(name.clone(), schema.clone());
        assert!(other.is_none_or(|other| other == schema), "two schemas are called {name}");
    }
    all
}

fn parameters(endpoints: &[Endpoint]) -> BTreeMap<String, Value> {
    let lists = endpoints.iter().filter_map(|endpoint| match endpoint {
        Endpoint::Collection(context) | Endpoint::Related(_, _, context) => Some(*context),
        Endpoint::Item(_) | Endpoint::History(_) | Endpoint::Custom(_) => None,
    });
    let held = (caching::IF_NONE_MATCH.to_owned(), caching::parameter());
    lists.flat_map(operations::shared).chain([held]).collect()
}

fn collect<T: ToSchema>(into: &mut Vec<(String, RefOr<Schema>)>) {
    into.push((T::name().into_owned(), T::schema()));
    T::schemas(into);
}

/// The operation of GET at an endpoint, with its failures and its validators.
fn get_operation(endpoint: &Endpoint) -> Operation {
    let mut operation = match endpoint {
        Endpoint::Collection(context) => operations::collection(*context),
        Endpoint::Item(context) => operations::item(*context),
        Endpoint::Related(dataset, link, context) => operations::related(dataset, link, *context),
        Endpoint::History(context) => versions::operation(*context),
        Endpoint::Custom(custom) => custom.operation(),
    };
    // Caches keep neither what needs a key nor the probes.
    if operation.security.is_none() && !endpoint.path().starts_with(paths::HEALTH_PREFIX) {
        caching::describe(&mut operation);
    }
    failures::describe_get(endpoint, &mut operation);
    operation
}

fn post_operation(endpoint: &Endpoint) -> Option<Operation> {
    let mut operation = endpoint.post_operation()?;
    failures::describe_post(&mut operation);
    Some(operation)
}
