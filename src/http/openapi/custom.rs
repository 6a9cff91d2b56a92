//! Owns the operations of endpoints that describe themselves: their parameters are named and described as those of the
//! generic ones. Must not know any one endpoint.

use serde_json::{Value, json};
use utoipa::openapi::path::Operation;

use super::{names, parameters};
use crate::query::{Context, Dataset};

/// The dataset whose rows a path begins with.
pub fn dataset(registry: &'static [&'static Dataset], path: &str) -> Option<&'static Dataset> {
    let name = path.strip_prefix("/v1/")?.split('/').next()?;
    registry.iter().copied().find(|dataset| dataset.name == name)
}

/// The operation at a path of the router.
pub fn operation(registry: &'static [&'static Dataset], operation: &Operation, path: &str) -> Value {
    let mut whole = serde_json::to_value(operation).expect("an operation serialises");
    let dataset = dataset(registry, path);
    for parameter in whole.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        match (parameter["in"].as_str(), dataset) {
            (Some("path"), Some(dataset)) if name == "code" => parameter["name"] = json!(names::path_parameter(dataset)),
            (Some("query"), Some(dataset)) => {
                let context = Context::of(registry, dataset);
                if let Some(generic) = context.item_parameters().into_iter().find(|each| each.is_named(&name)) {
                    *parameter = parameters::describe(context, generic);
                }
            }
            _ => {}
        }
        if parameter["in"] == "query" {
            // An example of a parameter is sent by those who try the operation as it stands; that of its schema is not.
            let example = parameter.as_object_mut().and_then(|all| all.remove("example"));
            if let Some(example) = example {
                parameter["schema"]["examples"] = json!([example]);
            }
        }
    }
    whole
}
