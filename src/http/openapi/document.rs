//! Owns the OpenAPI document as a whole: what the endpoints say of themselves, the schemas they share, and the failures
//! that any of them may answer with.
//! Must not know any one dataset.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, RefOr, Schema};

use super::{bounds, caching, operations, schemas};
use crate::http::handlers::{changes, contour, files, health, history, index, profile, publications, wide_layout};
use crate::http::middleware::rate_limit::LONGEST_WINDOW;
use crate::http::response::envelope;
use crate::http::router::{self, Endpoint};
use crate::problem;
use crate::query::plan::grouping::GROUPS;
use crate::query::plan::reading::MAXIMUM_LIMIT;
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

/// Failures that answers may be: name, status, when.
const FAILURES: [(&str, &str, &str); 18] = [
    ("Unauthenticated", "401", "The request shows no key of use; `WWW-Authenticate` says how one is shown."),
    ("Forbidden", "403", "The key does not admit what the files change; `detail` names the scope that is missing."),
    ("Conflict", "409", "The idempotency key was used for another publication, or for this one, which is under way."),
    ("Unsupported", "415", "The body is not `multipart/form-data`, or is compressed."),
    (
        "RefusedFiles",
        "422",
        "The files are at fault: `faults` lists the first, by file, line and column, `count` says how many there are.",
    ),
    ("Refused", "400", "The request is at fault; `errors` lists everything that is wrong with it."),
    ("NotOffered", "406", "The header `Accept` admits none of the representations."),
    ("NotThere", "404", "Nothing is there; `closest` says what comes close."),
    (
        "WasThere",
        "410",
        "The row was published and withdrawn; `withdrawal` says when and why, `closest` what stands in its place.",
    ),
    ("TooSlow", "408", "The request did not arrive in time."),
    ("TooMuch", "413", "The request has a body that is too large."),
    ("TooLong", "414", "The address is too long."),
    ("Beyond", "416", "The range begins beyond the end of the file."),
    ("NotAdditive", "422", "The aggregate would have no meaning; `errors` says why, and what would be right."),
    ("TooOften", "429", "The client, or the key, has asked for more than it may; try again after `Retry-After` seconds."),
    ("TooLarge", "431", "The head of the request is too large."),
    ("Failed", "500", "The server failed; the cause is in its log."),
    (
        "NotNow",
        "503",
        "The service is at its bounds, or its database does not answer at the moment; try again after `Retry-After` seconds.",
    ),
];

/// Makes the document.
pub fn document(registry: &'static [&'static Dataset]) -> OpenApi {
    let endpoints = router::all(registry);
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
            "responses": responses(),
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
        let path = endpoint.path();
        let mut item = utoipa::openapi::path::PathItem::default();
        item.get = Some(with_failures(endpoint));
        item.post = endpoint.written().map(with_failures_of_writing);
        document.paths.paths.insert(path, item);
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
                let (name, row) = (history::schema_name(*context), history::schema(*context));
                let rows = json!({"type": "array", "items": {"$ref": operations::reference(&name)}, "maxItems": MAXIMUM_LIMIT});
                all.insert(format!("{name}Page"), schemas::envelope(*context, &rows));
                all.insert(name, row);
                continue;
            }
            Endpoint::Item(_) | Endpoint::Own(_) => continue,
        };
        let name = schemas::row_name(context.dataset, context.extra);
        let one = json!({"$ref": operations::reference(&name)});
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
        Endpoint::Item(_) | Endpoint::History(_) | Endpoint::Own(_) => None,
    });
    let held = (caching::HELD.to_owned(), caching::parameter());
    lists.flat_map(operations::shared).chain([held]).collect()
}

fn collect<T: ToSchema>(into: &mut Vec<(String, RefOr<Schema>)>) {
    into.push((T::name().into_owned(), T::schema()));
    T::schemas(into);
}

fn responses() -> BTreeMap<&'static str, Value> {
    let problem = json!({"application/problem+json": {"schema": {"$ref": operations::reference("Problem")}}});
    let each = |(name, status, description): &(&'static str, &str, &str)| {
        let mut headers = json!({});
        if matches!(*status, "429" | "503") {
            let schema = json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": LONGEST_WINDOW});
            headers["Retry-After"] = json!({"description": "Seconds after which to try again.", "schema": schema});
        }
        (*name, json!({"description": description, "headers": headers, "content": problem}))
    };
    FAILURES.iter().map(each).chain([(caching::UNCHANGED, caching::response())]).collect()
}

/// The description of an endpoint, with the failures that it may answer with.
fn with_failures(endpoint: &Endpoint) -> Operation {
    let (path, mut operation) = (endpoint.path(), endpoint.operation());
    let collection = match endpoint {
        Endpoint::Collection(context) | Endpoint::Related(_, _, context) => Some(context),
        Endpoint::Item(_) | Endpoint::History(_) | Endpoint::Own(_) => None,
    };
    let has_history = matches!(endpoint, Endpoint::History(_));
    let may = |name: &str| match name {
        "Unauthenticated" => operation.security.is_some(),
        "Forbidden" | "Conflict" | "Unsupported" | "RefusedFiles" => false,
        "NotAdditive" => collection.is_some_and(|context| context.dataset.shape != Shape::Plain),
        "NotThere" => path.contains('{'),
        "WasThere" => path.contains("{code}") && !has_history,
        "Beyond" => path.starts_with("/v1/files/"),
        "NotOffered" => collection.is_some() || path == "/v1/changes",
        "TooOften" => !path.starts_with("/health/"),
        "NotNow" => path.starts_with("/v1/") || path == "/health/ready",
        _ => true,
    };
    let failures: Vec<_> = FAILURES.iter().filter(|(name, _, _)| may(name)).collect();
    // What is told to a key, and the health of a moment, are kept by nobody.
    if operation.security.is_none() && !path.starts_with(health::PATHS) {
        caching::describe(&mut operation);
    }
    add(&mut operation, failures);
    operation
}

/// The description of what is written, with the failures that it may answer with.
fn with_failures_of_writing(mut operation: Operation) -> Operation {
    let never = ["NotAdditive", "NotThere", "WasThere", "Beyond", "NotOffered"];
    add(&mut operation, FAILURES.iter().filter(|(name, _, _)| !never.contains(name)).collect());
    operation
}

fn add(operation: &mut Operation, failures: Vec<&(&str, &str, &str)>) {
    for (name, status, _) in failures {
        let reference = utoipa::openapi::Ref::from_response_name(*name);
        operation.responses.responses.insert((*status).to_owned(), RefOr::Ref(reference));
    }
}
