//! Owns the OpenAPI document: the operations of all endpoints, and the components that they share.
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
use crate::http::router::{self, CustomEndpoint, Endpoint};
use crate::problem;
use crate::query::plan::grouping::GROUPS;
use crate::query::plan::reading::MAXIMUM_LIMIT;
use crate::query::{Dataset, Shape};

const DESCRIPTION: &str = "Figures of the French strategy against poverty in Hauts-de-France: commitments, measures, \
conventions, funding and indicators, for every territory from the commune to the country. Data and titles are in French, as published.\n\n\
**Releases.** Nothing is overwritten: every answer names the release that it was read from (`meta.release`) and links itself pinned to it \
(`links.pinned`), an address whose answer never changes. `as_of` reads the release of a day or an instant; `/history` has every version of a \
row, `vintages` those of observations. A withdrawn row is a 410 with the reason, and `meta.notices` lists corrections of figures.\n\n\
**Figures are as published.** « près de 350 » is 350 with `qualifier` `nearly`; `nature` tells an observed figure from an expected one and from a target; \
every row names its source and the place in it.\n\n\
**Strict.** An unknown parameter, value or code is a 400 with every fault of the request, the allowed values and the closest matches \
(RFC 9457). The service ignores nothing silently.\n\n\
**Publishing.** `POST /v1/publications` publishes files as one release. Only this request and the status of a publication need a key; \
reads ignore `Authorization`.\n\n\
**Validators.** Every answer with data has a strong `ETag`; a matching `If-None-Match` gets a 304 without a query. Caches may store pinned answers for ever, \
others for ten seconds. `Accept-Encoding` may name `zstd`, `br` and `gzip`.\n\n\
Every GET has a HEAD. Lists are paged: follow `links.next`, which is also in the header `Link`.";

/// Builds the document.
///
/// # Panics
/// Panics if a part is no valid OpenAPI, or if two schemas have one name.
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
        "servers": [{"url": "/", "description": "This server: production, or a local trial", "x-internal": false}],
        "security": [],
        "tags": tags(registry),
        "paths": {},
        "components": {
            "schemas": schemas(&endpoints),
            "parameters": parameters(&endpoints),
            "responses": responses,
            "securitySchemes": {publications::SECURITY_SCHEME: {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "reperes_…",
                "description": "A key that the operator creates with `reperes keys create`. Reads need no key.",
            }},
        },
    }))
    .expect("the frame of the document is valid");
    for endpoint in &endpoints {
        let mut item = PathItem::default();
        match endpoint {
            Endpoint::Post(custom) => item.post = Some(post_operation(custom)),
            _ => item.get = Some(get_operation(endpoint)),
        }
        document.paths.paths.insert(endpoint.path(), item);
    }
    bounds::complete(&document)
}

/// The text of the document, as the service sends it and the repository has it.
pub fn text(registry: &'static [&'static Dataset]) -> String {
    let mut text = serde_json::to_string_pretty(&document(registry)).expect("the document serialises");
    text.push('\n');
    text
}

fn tags(registry: &'static [&'static Dataset]) -> Vec<Value> {
    let datasets = registry.iter().filter(|dataset| dataset.public);
    let mut tags: Vec<Value> =
        datasets.map(|dataset| json!({"name": dataset.name, "description": dataset.description})).collect();
    tags.push(json!({"name": router::SYNC, "description": "Synchronisation of a copy: the changes of each release, and the feed of releases."}));
    tags.push(json!({"name": router::PUBLISHING, "description": "Publications: files become a release, all or nothing. They need a key."}));
    tags.push(json!({"name": router::FILES, "description": "Whole datasets of a release as immutable files."}));
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
            Endpoint::Item(_) | Endpoint::Custom(_) | Endpoint::Post(_) => continue,
        };
        let name = schemas::row_name(context.dataset, context.extra);
        let one = json!({"$ref": schemas::reference(&name)});
        let rows = match context.dataset.shape {
            Shape::Plain => one.clone(),
            _ => json!({"anyOf": [one, {
                "type": "object",
                "description": "With `group_by`, `rollup`, `layout` or `compare`: a group, a series with its periods as columns, or a row with its `comparison`.",
            }]}),
        };
        let most = match context.dataset.shape {
            Shape::Plain => MAXIMUM_LIMIT,
            Shape::Observations => wide_layout::MAX_OBSERVATIONS,
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
    collect::<contour::ContourFeature<'static>>(&mut fixed);
    collect::<files::Files>(&mut fixed);
    collect::<changes::answer::ChangesBody<'static>>(&mut fixed);
    collect::<profile::Profile>(&mut fixed);
    collect::<publications::PublicationForm>(&mut fixed);
    collect::<publications::PublicationDocument>(&mut fixed);
    for (name, schema) in fixed {
        let schema = serde_json::to_value(schema).expect("a schema serialises");
        let other = all.insert(name.clone(), schema.clone());
        assert!(other.is_none_or(|other| other == schema), "two schemas have the name {name}");
    }
    all
}

fn parameters(endpoints: &[Endpoint]) -> BTreeMap<String, Value> {
    let lists = endpoints.iter().filter_map(|endpoint| match endpoint {
        Endpoint::Collection(context) | Endpoint::Related(_, _, context) => Some(*context),
        Endpoint::Item(_) | Endpoint::History(_) | Endpoint::Custom(_) | Endpoint::Post(_) => None,
    });
    let if_none_match = (caching::IF_NONE_MATCH.to_owned(), caching::parameter());
    lists.flat_map(operations::shared).chain([if_none_match]).collect()
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
        Endpoint::Custom(custom) | Endpoint::Post(custom) => custom.operation(),
    };
    // Caches keep neither what needs a key nor the probes.
    if operation.security.is_none() && !endpoint.path().starts_with(paths::HEALTH_PREFIX) {
        caching::describe(&mut operation);
    }
    failures::describe_get(endpoint, &mut operation);
    operation
}

fn post_operation(endpoint: &CustomEndpoint) -> Operation {
    let mut operation = endpoint.operation();
    failures::describe_post(&mut operation);
    operation
}
