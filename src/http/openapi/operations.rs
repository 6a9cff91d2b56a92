//! Owns the operations of the generic endpoints: parameters, responses and examples, from the table of fields.
//! Must not know any one dataset.

use serde_json::{Map, Value, json};

use super::{answers, filters, names, parameters, schemas};
use crate::http::request::path_and_query::MAX_CODE_LENGTH;
use crate::http::response::links;
use crate::query::{Context, Dataset, Link, Parameter, Representation};

/// The operation of a collection: a list of rows, or of groups of rows.
pub fn collection(context: Context) -> Value {
    let dataset = context.dataset;
    let (verb, title, summary, order) = match context.aggregated {
        true => ("aggregate", "Aggregate", "Groups of the rows that the filters select.", "Groups are in the order of `by`"),
        false => ("list", "List", dataset.description, "Rows are in the order of their key"),
    };
    let description = format!(
        "{summary} {order} unless `sort` gives another. A filter takes several values separated by commas, and matches any of them."
    );
    json!({
        "operationId": format!("{verb}{}", names::pascal(dataset.name)),
        "tags": [dataset.name],
        "summary": format!("{title} {}", words(dataset.name)),
        "description": description,
        "parameters": of_list(context, None),
        "responses": {"200": page(context, &links::collection_path(context))},
    })
}

/// The operation of one row.
pub fn item(context: Context) -> Value {
    let dataset = context.dataset;
    let own = context.item_parameters().into_iter().map(|each| parameters::describe(context, each));
    let all: Vec<Value> = std::iter::once(code(dataset)).chain(own).collect();
    let address = format!("/v1/{}/{}", dataset.name, dataset.example);
    let example = answers::example(context, &address, &schemas::example_row(context));
    let schema = json!({"$ref": names::schema_reference(&answers::item_name(&names::row(dataset, &[])))});
    json!({
        "operationId": format!("get{}", names::pascal(dataset.singular)),
        "tags": [dataset.name],
        "summary": format!("Get one {}", words(dataset.singular)),
        "description": format!("{} `links.related` has its related addresses.", dataset.description),
        "parameters": all,
        "responses": {"200": {
            "description": "The row.",
            "content": {"application/json": {"schema": schema, "example": example}},
        }},
    })
}

/// The operation of the versions of one row.
pub fn history(context: Context, name: &str, accepted: &[Parameter]) -> Value {
    let dataset = context.dataset;
    let plain = Context { link: None, extra: &[], ..context };
    let own = accepted.iter().map(|each| parameters::describe(plain, *each));
    let all: Vec<Value> = std::iter::once(code(dataset)).chain(own).collect();
    let schema = json!({"$ref": names::schema_reference(&answers::page_name(&answers::version_name(context)))});
    json!({
        "operationId": format!("get{}{}", names::pascal(dataset.singular), names::pascal(name)),
        "tags": [dataset.name],
        "summary": format!("List the versions of one {}", words(dataset.singular)),
        "description": "Every version of the row up to the release, the newest first, also of a withdrawn row: its fields, which of them changed, and the releases that opened and closed the version.",
        "parameters": all,
        "responses": {"200": {"description": "A page.", "content": {"application/json": {"schema": schema}}}},
    })
}

/// The operation of a link.
pub fn related(dataset: &'static Dataset, link: &'static Link, context: Context) -> Value {
    let address = format!("/v1/{}/{}/{}", dataset.name, dataset.example, link.name);
    json!({
        "operationId": format!("list{}{}", names::pascal(dataset.singular), names::pascal(link.name)),
        "tags": [dataset.name],
        "summary": format!("List the {} of one {}", words(link.name), words(dataset.singular)),
        "description": format!("{} Accepts the parameters of `/v1/{}`.", link.summary, link.target),
        "parameters": of_list(context, Some(dataset)),
        "responses": {"200": page(context, &address)},
    })
}

/// The parameters of a list: one for each of its parameters without an operator, and one for all that have one.
fn of_list(context: Context, parent: Option<&'static Dataset>) -> Vec<Value> {
    let all = context.parameters();
    let fields = all.iter().take_while(|each| matches!(each, Parameter::Filter(..))).count();
    let describe = |some: &[Parameter]| -> Vec<Value> {
        let alone = some.iter().copied().filter(|each| !filters::is_member(*each));
        alone.map(|each| parameters::describe(context, each)).collect()
    };
    let (of_fields, others) = (describe(&all[..fields]), describe(&all[fields..]));
    parent.map(code).into_iter().chain(of_fields).chain(filters::parameter(context)).chain(others).collect()
}

/// The path parameter with the code of a row.
pub fn code(dataset: &Dataset) -> Value {
    let description = dataset.code_field().map_or("Code of the row.", |field| field.description);
    json!({
        "name": names::path_parameter(dataset),
        "in": "path",
        "required": true,
        "description": description,
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_CODE_LENGTH},
        "example": dataset.example,
    })
}

/// The response with a page, in every representation of the dataset.
fn page(context: Context, address: &str) -> Value {
    let name = names::listed(context);
    let example = || answers::example(context, &format!("{address}?limit=1"), &json!([schemas::example_row(context)]));
    let content = |one: Representation| match one {
        Representation::Json => {
            json!({"schema": {"$ref": names::schema_reference(&answers::page_name(&name))}, "example": example()})
        }
        other => json!({"schema": representation(other)}),
    };
    let content: Map<String, Value> = context.representations().map(|one| (one.media_type().to_owned(), content(one))).collect();
    json!({
        "description": "Rows: a page as JSON, all rows in the other representations unless `limit` is given.",
        "content": content,
    })
}

fn representation(one: Representation) -> Value {
    match one {
        Representation::Json | Representation::GeoJson | Representation::JsonStat => json!({"type": "object"}),
        _ => json!({"type": "string"}),
    }
}

/// A name as words of a sentence.
fn words(name: &str) -> String {
    name.replace('_', " ")
}
