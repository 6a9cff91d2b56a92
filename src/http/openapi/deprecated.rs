//! Owns the marks of deprecated operations and parameters in the OpenAPI document.
//! Must not know why they are deprecated.

use serde_json::{Value, json};

use crate::http::deprecation::Deprecation;

/// Marks what the table names.
///
/// # Panics
/// Panics if the document has no such operation or parameter.
pub fn mark(document: &mut Value, table: &[Deprecation]) {
    for one in table {
        let operation = &document["paths"][one.path]["get"];
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let place = format!("/paths/{}/get", one.path.replace('/', "~1"));
        let (place, mut marked) = match one.parameter {
            None => (place, operation.clone()),
            Some(name) => {
                let resolved = parameters.iter().map(|parameter| resolve(document, parameter));
                let found = resolved.enumerate().find(|(_, parameter)| parameter["name"] == name);
                let (at, parameter) = found.unwrap_or_else(|| panic!("{} has no parameter {name}", one.path));
                // Other operations may share the parameter, and keep it.
                (format!("{place}/parameters/{at}"), parameter.clone())
            }
        };
        assert!(marked.is_object(), "there is no {}", one.path);
        marked["deprecated"] = json!(true);
        let text = marked["description"].as_str().unwrap_or_default();
        marked["description"] = json!(format!("{text} **Deprecated**: ends on {}; use `{}` instead.", one.sunset, one.successor));
        *document.pointer_mut(&place).expect("the place was found") = marked;
    }
}

fn resolve<'d>(document: &'d Value, part: &'d Value) -> &'d Value {
    part["$ref"].as_str().and_then(|target| document.pointer(&target[1..])).unwrap_or(part)
}
