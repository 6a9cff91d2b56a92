//! Owns what the document says of each endpoint: its path, its operations, and the schemas of its answers.
//! Must not know any one dataset.

use serde_json::Value;

use super::responses::Facts;
use super::{answers, custom, filters, names, operations};
use crate::http::handlers::history;
use crate::http::router::Endpoint;
use crate::query::model::link::HISTORY;
use crate::query::{Context, Dataset, Shape};

/// An operation of an endpoint.
pub struct Described {
    /// The path, with the names of its parameters.
    pub path: String,
    /// The method, in lower case.
    pub method: &'static str,
    /// What its parameters are named after, if others have parameters of the same name.
    pub owner: String,
    /// The operation, with its own responses only.
    pub operation: Value,
    /// What decides its further responses.
    pub facts: Facts,
}

/// The operation of an endpoint.
pub fn describe(registry: &'static [&'static Dataset], endpoint: &Endpoint) -> Described {
    let path = endpoint.path();
    let documented = match custom::dataset(registry, &path) {
        Some(dataset) => path.replace("{code}", &format!("{{{}}}", names::path_parameter(dataset))),
        None => path.clone(),
    };
    let operation = match endpoint {
        Endpoint::Collection(context) => operations::collection(*context),
        Endpoint::Item(context) => operations::item(*context),
        Endpoint::Related(dataset, link, context) => operations::related(dataset, link, *context),
        Endpoint::History(context) => operations::history(*context, HISTORY.name, &history::PARAMETERS),
        Endpoint::Custom(own) | Endpoint::Post(own) => custom::operation(registry, &own.operation(), &path),
    };
    let writes = matches!(endpoint, Endpoint::Post(_));
    Described {
        path: documented,
        method: if writes { "post" } else { "get" },
        owner: match rows(endpoint) {
            Some(context) => names::listed(context),
            None => names::pascal(operation["operationId"].as_str().unwrap_or_default()),
        },
        facts: facts(endpoint, path, &operation, writes),
        operation,
    }
}

/// The schemas of the answers of an endpoint, and of what its parameters take, by name.
pub fn schemas(endpoint: &Endpoint) -> Vec<(String, Value)> {
    match endpoint {
        Endpoint::Collection(context) | Endpoint::Related(_, _, context) => {
            let mut all = answers::of_list(*context);
            all.extend(filters::parameter(*context).map(|_| (filters::schema_name(*context), filters::schema(*context))));
            all
        }
        Endpoint::Item(context) => vec![answers::of_item(*context)],
        Endpoint::History(context) => answers::of_history(*context),
        Endpoint::Custom(_) | Endpoint::Post(_) => Vec::new(),
    }
}

/// The rows that an endpoint lists or gives.
fn rows(endpoint: &Endpoint) -> Option<Context> {
    match endpoint {
        Endpoint::Collection(context) | Endpoint::Item(context) | Endpoint::Related(_, _, context) => Some(*context),
        Endpoint::History(context) => Some(Context { link: None, extra: &[], ..*context }),
        Endpoint::Custom(_) | Endpoint::Post(_) => None,
    }
}

fn facts(endpoint: &Endpoint, path: String, operation: &Value, writes: bool) -> Facts {
    let collection = match endpoint {
        Endpoint::Collection(context) | Endpoint::Related(_, _, context) => Some(context),
        _ => None,
    };
    let is_history = matches!(endpoint, Endpoint::History(_));
    let cursor = operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "cursor"));
    Facts {
        writes,
        keyed: operation["security"].is_array(),
        negotiated: operation["responses"]["200"]["content"].as_object().is_some_and(|content| content.len() > 1),
        lists: cursor,
        computes: collection.is_some_and(|context| context.dataset.shape != Shape::Plain),
        withdrawable: path.contains("{code}") && !is_history,
        path,
    }
}
