//! Owns the description of the generic endpoints: parameters, answers and examples, from the field table.
//! Must not know any one dataset.

use serde_json::{Value, json};
use utoipa::openapi::path::Operation;

use super::schema;
use crate::query::plan::{DEFAULT_LIMIT, MAXIMUM_LIMIT, Parameter, SORT_TERMS};
use crate::query::{Context, Dataset, Field, Link, Operator, value};

/// Describes a list of all rows.
pub fn collection(context: Context) -> Operation {
    let dataset = context.dataset;
    let description = format!(
        "{} Rows come in the order of their key unless `sort` says otherwise; every filter takes several values separated by commas, any of which may hold.",
        dataset.description
    );
    operation(&json!({
        "operationId": format!("list{}", capital(dataset.name)),
        "tags": [dataset.name],
        "summary": format!("List {}", dataset.name),
        "description": description,
        "parameters": parameters(context, None),
        "responses": {"200": page(context)},
    }))
}

/// Describes one row.
pub fn item(dataset: &'static Dataset) -> Operation {
    let context = Context { dataset, link: None, extra: &[] };
    operation(&json!({
        "operationId": format!("get{}", capital(dataset.singular)),
        "tags": [dataset.name],
        "summary": format!("Get one {}", dataset.singular),
        "description": format!("{} `links.related` leads on from it.", dataset.description),
        "parameters": [code(dataset), parameter(context, Parameter::Release)],
        "responses": {"200": answer("The row.", &json!({"$ref": reference(&format!("{}Item", schema::row_name(dataset, &[])))}))},
    }))
}

/// Describes the rows that a link leads to.
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

/// The parameters of a list, by the name that the document shares them under: every way to a dataset accepts the same.
pub fn shared(context: Context) -> Vec<(String, Value)> {
    context.parameters().into_iter().map(|each| (shared_name(context, each), parameter(context, each))).collect()
}

fn shared_name(context: Context, parameter: Parameter) -> String {
    format!("{}.{}", schema::row_name(context.dataset, context.extra), parameter.name())
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
        "schema": {"type": "string", "minLength": 1, "maxLength": 500},
        "example": dataset.example,
    })
}

fn parameter(context: Context, parameter: Parameter) -> Value {
    let dataset = context.dataset;
    let (description, schema, example) = match parameter {
        Parameter::Filter(field, operator) => return filter(dataset, field, operator),
        Parameter::Within | Parameter::Touching => {
            let text = match parameter {
                Parameter::Within => "Rows of these territories and of all that lies wholly in them. An EPCI that straddles a border lies in neither side: see `touching`.",
                _ => "Rows of these territories and of all that lies in them, wholly or partly.",
            };
            let codes = schema::list_of(&json!({"type": "string", "minLength": 1, "maxLength": 200}), schema::FILTER_VALUES);
            (text.to_owned(), codes, Some(json!(["REG-32"])))
        }
        Parameter::Sort => {
            let fields: Vec<&str> = context.fields().filter(|field| field.is_sortable()).map(|field| field.name).collect();
            let both: Vec<String> = fields.iter().flat_map(|name| [(*name).to_owned(), format!("-{name}")]).collect();
            let text = "The order: fields separated by commas, a `-` before one puts the largest first. Rows without a value come last. Texts are ordered without regard to accents and case.";
            (text.to_owned(), schema::list_of(&json!({"type": "string", "enum": both}), SORT_TERMS), Some(json!([fields[0]])))
        }
        Parameter::Limit => (
            "Rows on a page.".to_owned(),
            json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": MAXIMUM_LIMIT, "default": DEFAULT_LIMIT}),
            Some(json!(5)),
        ),
        Parameter::Cursor => (
            "Where the page starts: follow `links.next` rather than make one. A cursor holds its release, so that pages neither miss nor repeat a row whatever is published meanwhile.".to_owned(),
            json!({"type": "string", "maxLength": 8000}),
            None,
        ),
        Parameter::Count => (
            "`exact` counts all rows, in `meta.total`.".to_owned(),
            json!({"type": "string", "enum": ["none", "exact"], "default": "none"}),
            Some(json!("exact")),
        ),
        Parameter::Release => (
            "The release to read; the newest when left out. An answer read from a given release never changes.".to_owned(),
            json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": i32::MAX}),
            None,
        ),
    };
    finish(&parameter.name(), &description, schema, example)
}

fn filter(dataset: &'static Dataset, field: &'static Field, operator: Operator) -> Value {
    let description = format!("{} {}", field.description, operator.meaning());
    let (schema, example) = match operator {
        Operator::IsNull => (json!({"type": "boolean"}), Some(json!(false))),
        Operator::Contains | Operator::StartsWith => {
            (json!({"type": "string", "minLength": 1, "maxLength": value::VALUE_LENGTH}), None)
        }
        _ if operator.takes_list() => {
            let example = schema::example(dataset, field).filter(|_| operator == Operator::AnyOf);
            let list = schema::list_of(&schema::filter_value(field), schema::FILTER_VALUES);
            (list, example.map(|one| if one.is_array() { one } else { json!([one]) }))
        }
        _ => (schema::filter_value(field), None),
    };
    finish(&Parameter::Filter(field, operator).name(), &description, schema, example)
}

/// Completes a query parameter; a list is one parameter with commas.
fn finish(name: &str, description: &str, schema: Value, example: Option<Value>) -> Value {
    let mut parameter = json!({"name": name, "in": "query", "required": false, "description": description});
    if schema["type"] == "array" {
        parameter["style"] = json!("form");
        parameter["explode"] = json!(false);
    }
    parameter["schema"] = schema;
    if let Some(example) = example {
        parameter["example"] = example;
    }
    parameter
}

fn page(context: Context) -> Value {
    let name = schema::row_name(context.dataset, context.extra);
    let mut answer = answer("A page of rows.", &json!({"$ref": reference(&format!("{name}Page"))}));
    answer["headers"] = json!({"Link": {
        "description": "`rel=next`: the address of the next page (RFC 8288); missing on the last page.",
        "schema": {"type": "string"},
    }});
    answer
}

fn answer(description: &str, schema: &Value) -> Value {
    json!({"description": description, "content": {"application/json": {"schema": schema}}})
}

/// The address of a schema of the document.
pub fn reference(name: &str) -> String {
    format!("#/components/schemas/{name}")
}

fn operation(value: &Value) -> Operation {
    serde_json::from_value(value.clone()).expect("the description of an operation is made here")
}

fn capital(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}
