//! Owns the operations of the generic endpoints: parameters, responses and examples, from the table of fields.
//! Must not know any one dataset.

use serde_json::{Value, json};
use utoipa::openapi::path::Operation;

use super::{parameters, schemas};
use crate::http::request::path_and_query::MAX_CODE_LENGTH;
use crate::query::{Context, Dataset, Link, Parameter, Representation};

/// The operation of a collection.
pub fn collection(context: Context) -> Operation {
    let dataset = context.dataset;
    let (verb, title, summary, order) = match context.aggregated {
        true => ("aggregate", "Aggregate", "Groups of the rows that the filters select.", "Groups are in the order of `by`"),
        false => ("list", "List", dataset.description, "Rows are in the order of their key"),
    };
    let description = format!(
        "{summary} {order} unless `sort` gives another. A filter takes several values separated by commas, and matches any of them."
    );
    operation(&json!({
        "operationId": format!("{verb}{}", capital(dataset.name)),
        "tags": [dataset.name],
        "summary": format!("{title} {}", dataset.name),
        "description": description,
        "parameters": parameters(context, None),
        "responses": {"200": page(context)},
    }))
}

/// The operation of one row.
pub fn item(context: Context) -> Operation {
    let dataset = context.dataset;
    let refer = |each| json!({"$ref": format!("#/components/parameters/{}", shared_name(context, each))});
    let own = context.item_parameters().into_iter().map(refer);
    let parameters: Vec<Value> = std::iter::once(code(dataset)).chain(own).collect();
    operation(&json!({
        "operationId": format!("get{}", capital(dataset.singular)),
        "tags": [dataset.name],
        "summary": format!("Get one {}", dataset.singular),
        "description": format!("{} `links.related` has its related addresses.", dataset.description),
        "parameters": parameters,
        "responses": {"200": answer("The row.", &json!({"$ref": schemas::reference(&format!("{}Item", schemas::row_name(dataset, &[])))}))},
    }))
}

/// The operation of a path below one row that returns JSON pages.
pub fn below(context: Context, name: &str, text: &str, parameters: &[Parameter], schema: &str) -> Operation {
    let dataset = context.dataset;
    let plain = Context { link: None, extra: &[], ..context };
    let refer = |each: &Parameter| json!({"$ref": format!("#/components/parameters/{}", shared_name(plain, *each))});
    let parameters: Vec<Value> = std::iter::once(code(dataset)).chain(parameters.iter().map(refer)).collect();
    operation(&json!({
        "operationId": format!("list{}{}", capital(dataset.singular), capital(name)),
        "tags": [dataset.name],
        "summary": format!("List the {name} of one {}", dataset.singular),
        "description": text,
        "parameters": parameters,
        "responses": {"200": answer("A page.", &json!({"$ref": schemas::reference(&format!("{schema}Page"))}))},
    }))
}

/// The operation of a link.
pub fn related(dataset: &'static Dataset, link: &'static Link, context: Context) -> Operation {
    operation(&json!({
        "operationId": format!("list{}{}", capital(dataset.singular), capital(link.name)),
        "tags": [dataset.name],
        "summary": format!("List the {} of one {}", link.name, dataset.singular),
        "description": format!("{} Accepts the parameters of `/v1/{}`.", link.summary, link.target),
        "parameters": parameters(context, Some(dataset)),
        "responses": {"200": page(context)},
    }))
}

/// The parameters of a collection, by their names among the components: every link to a dataset shares them.
pub fn shared(context: Context) -> Vec<(String, Value)> {
    context.parameters().into_iter().map(|each| (shared_name(context, each), parameters::describe(context, each))).collect()
}

fn shared_name(context: Context, parameter: Parameter) -> String {
    format!("{}.{}", schemas::name(context), parameter.name())
}

fn parameters(context: Context, parent: Option<&'static Dataset>) -> Vec<Value> {
    let refer = |each| json!({"$ref": format!("#/components/parameters/{}", shared_name(context, each))});
    let own = context.parameters().into_iter().map(refer);
    parent.map(code).into_iter().chain(own).collect()
}

fn code(dataset: &'static Dataset) -> Value {
    let description = match dataset.code_field() {
        Some(field) => field.description,
        None => "Code of the row.",
    };
    json!({
        "name": "code",
        "in": "path",
        "required": true,
        "description": description,
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_CODE_LENGTH},
        "example": dataset.example,
    })
}

/// The response with a page, in every representation of the dataset.
fn page(context: Context) -> Value {
    let name = schemas::name(context);
    let content: serde_json::Map<String, Value> = context
        .representations()
        .map(|one| (one.media_type().to_owned(), json!({"schema": representation(one, &name)})))
        .collect();
    json!({
        "description": "Rows: a page as JSON, all rows in the other representations unless `limit` is given.",
        "headers": {"Link": {
            "description": "`rel=next`: the address of the next page (RFC 8288); absent on the last page.",
            "schema": {"type": "string"},
        }},
        "content": content,
    })
}

fn representation(one: Representation, name: &str) -> Value {
    match one {
        Representation::Json => json!({"$ref": schemas::reference(&format!("{name}Page"))}),
        Representation::GeoJson => json!({"type": "object", "description": "A GeoJSON FeatureCollection (RFC 7946)."}),
        Representation::JsonStat => json!({"type": "object", "description": "A dataset of JSON-stat 2.0."}),
        Representation::Csv => {
            json!({"type": "string", "description": "RFC 4180 in UTF-8, with a header line; lists are joined by `|`. SCDL too, if the dataset has it."})
        }
        Representation::SdmxCsv => json!({"type": "string", "description": "An SDMX-CSV 2.0 data message."}),
        Representation::Ndjson => json!({"type": "string", "description": "One JSON object per line."}),
        Representation::Scdl => {
            json!({"type": "string", "description": "SCDL « subventions » 2.1.1: the rows that have all fields that it requires."})
        }
        Representation::Parquet | Representation::Xlsx => json!({"type": "string", "contentMediaType": one.media_type()}),
    }
}

fn answer(description: &str, schema: &Value) -> Value {
    json!({"description": description, "content": {"application/json": {"schema": schema}}})
}

fn operation(value: &Value) -> Operation {
    serde_json::from_value(value.clone()).expect("an operation is valid OpenAPI")
}

fn capital(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}
