//! Owns the OpenAPI document: the operations of all endpoints, and the components that they share.
//! Must not know any one dataset.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::endpoints::{self, Described};
use super::shared::SharedParameters;
use super::{answers, bounds, deprecated, filters, headers, ordered, responses};
use crate::http::deprecation::{self, Deprecation};
use crate::http::handlers::{changes, contour, files, health, index, profile, publications};
use crate::http::response::envelope;
use crate::http::router::{self, Endpoint};
use crate::problem;
use crate::query::Dataset;

const DESCRIPTION: &str = "Figures of the French strategy against poverty in Hauts-de-France: commitments, measures, \
conventions, funding and indicators, for every territory from the commune to the country. Data and titles are in French, as published.\n\n\
**Releases.** Nothing is overwritten: every answer names the release that it was read from (`meta.release`) and links itself pinned to it \
(`links.pinned`), an address whose rows and values never change. `as_of` reads the release of a day or an instant; `/history` has every version of a \
row, `vintages` those of observations. A withdrawn row is a 410 with the reason, and `meta.notices` lists corrections of figures.\n\n\
**Figures are as published.** « près de 350 » is 350 with `qualifier` `nearly`; `nature` tells an observed figure from an expected one and from a target; \
every row names its source and the place in it.\n\n\
**Strict.** An unknown parameter, value or code is a 400 with every fault of the request, the allowed values and the closest matches \
(RFC 9457). The service ignores nothing silently.\n\n\
**Open.** Answers may gain members, and lists of words in answers may gain words: ignore what you do not know. What a request may say is closed.\n\n\
**Lists of values** are separated by commas: `kind=commune,epci`. A list may also be given as one parameter for each value.\n\n\
**Headers of requests** that every GET understands: `Accept` chooses the representation, `format` goes before it; `Accept-Encoding` may name `zstd`, \
`br` and `gzip`; `If-None-Match` with the `ETag` of an answer gets a 304 if it is current. Caches may store pinned answers for a day, \
files of a release for ever, other answers for ten seconds. Every GET has a HEAD. Every response also has the usual headers of browser security.\n\n\
**Publishing.** `POST /v1/publications` publishes files as one release. Only this request and the status of a publication need a key; reads ignore `Authorization`.\n\n\
Lists are paged: follow `links.next`, which is also in the header `Link`.";

/// Builds the document.
///
/// # Panics
/// Panics if two schemas or two parameters have one name.
pub fn document(registry: &'static [&'static Dataset]) -> Value {
    let endpoints = router::all(registry);
    let described: Vec<Described> = endpoints.iter().map(|endpoint| endpoints::describe(registry, endpoint)).collect();
    let shared = SharedParameters::of(described.iter().flat_map(|one| {
        let all = one.operation["parameters"].as_array().into_iter().flatten();
        all.map(|parameter| (one.owner.clone(), parameter.clone()))
    }));
    let mut items: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for Described { path, method, mut operation, facts, .. } in described {
        if let Some(Value::Array(all)) = operation.get_mut("parameters") {
            all.iter_mut().for_each(|one| *one = shared.refer(one));
        }
        responses::complete(&mut operation, &facts);
        items.entry(path).or_default().insert(method.to_owned(), operation);
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Reperes",
            "summary": "Repères: open data of the strategy against poverty in Hauts-de-France",
            "description": format!("{DESCRIPTION}\n\n{}", filters::operators()),
            "version": env!("CARGO_PKG_VERSION"),
            "contact": {"name": "Préfecture de la région Hauts-de-France", "email": "pref-communication@nord.gouv.fr"},
            "license": {"name": "Licence Ouverte 2.0 (data)", "identifier": "etalab-2.0"},
        },
        "servers": [{"url": "/", "description": "This server: production, or a local trial", "x-internal": false}],
        "security": [],
        "tags": tags(registry),
        "paths": items,
        "components": {
            "schemas": schemas(registry, &endpoints),
            "parameters": shared.components,
            "headers": headers::components(),
            "responses": responses::shared(),
            "securitySchemes": {publications::SECURITY_SCHEME: {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "reperes_…",
                "description": "A key that the operator creates with `reperes keys create`. Reads need no key.",
            }},
        },
    });
    bounds::complete(&mut document);
    document
}

/// The text of the document, as the service sends it and the repository has it.
pub fn text(registry: &'static [&'static Dataset]) -> String {
    text_with(registry, deprecation::TABLE)
}

/// The text of the document with the marks of these deprecations.
pub fn text_with(registry: &'static [&'static Dataset], deprecations: &[Deprecation]) -> String {
    let mut document = document(registry);
    deprecated::mark(&mut document, deprecations);
    ordered::text(&document)
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

fn schemas(registry: &'static [&'static Dataset], endpoints: &[Endpoint]) -> BTreeMap<String, Value> {
    let mut fixed = Vec::new();
    collect::<problem::Problem>(&mut fixed);
    collect::<envelope::Meta>(&mut fixed);
    collect::<envelope::Links>(&mut fixed);
    collect::<index::Index>(&mut fixed);
    collect::<health::Health>(&mut fixed);
    collect::<contour::ContourFeature<'static>>(&mut fixed);
    collect::<files::list::Files>(&mut fixed);
    collect::<changes::answer::ChangesBody<'static>>(&mut fixed);
    collect::<profile::Profile>(&mut fixed);
    collect::<publications::PublicationForm>(&mut fixed);
    collect::<publications::PublicationDocument>(&mut fixed);
    let fixed = fixed.into_iter().map(|(name, schema)| (name, serde_json::to_value(schema).expect("a schema serialises")));
    let mut all: BTreeMap<String, Value> = filters::members();
    for (name, schema) in endpoints.iter().flat_map(endpoints::schemas).chain([answers::included(registry)]).chain(fixed) {
        let other = all.insert(name.clone(), schema.clone());
        assert!(other.is_none_or(|other| other == schema), "two schemas have the name {name}");
    }
    all
}

fn collect<T: ToSchema>(into: &mut Vec<(String, RefOr<Schema>)>) {
    into.push((T::name().into_owned(), T::schema()));
    T::schemas(into);
}
