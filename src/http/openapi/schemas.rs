//! Owns the JSON Schemas of rows in answers and of values in requests, from the table of fields. Answers may grow: their
//! objects and lists of words are open. Requests are closed. Must not know any one dataset, nor operations.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::names;
use crate::query::model::{breakdown, value};
use crate::query::plan::selection;
use crate::query::{Column, Context, Dataset, Field, FieldOrigin, Format, Kind};

/// The pattern of a period (ISO 8601), which may have an open end (ISO 8601-2).
pub const PERIOD: &str = concat!(
    r"^[1-9][0-9]{3}((-Q[1-4]|-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?(/\.\.)?",
    "|-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])/[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))$"
);

/// The length of the longest period, an interval of days.
pub const PERIOD_LENGTH: usize = "2019-01-01/2019-12-31".len();

/// The pattern of a code.
pub const CODE: &str = "^[A-Za-z0-9-]+$";

/// The pattern of a decimal number in a query, without an exponent.
pub const DECIMAL: &str = r"^-?[0-9]+(\.[0-9]+)?$";

/// The pattern of one value of a list in a query.
const LISTED: &str = r"^([^\u0000-\u001f\u007f-\u009f,\\]|\\[,\\])+$";

/// What an aggregate is.
const AGGREGATE: &str = "A group of rows: the fields of `by`, what `function` computes, and how many values are behind it. A field of `by` is null in the group of the rows without one; a field that is not in `by` is absent.";

/// The schema of the rows of a collection, or of groups of them. Only the fields of the key are required; labels are present if the request has
/// `labels`.
pub fn row(context: Context) -> Value {
    let dataset = context.dataset;
    let mut properties = Map::new();
    for field in context.with_all_fields().shown_fields() {
        let mut schema = property(dataset, field);
        // A group of rows that name several other rows has one value of them only where all agree.
        if context.aggregated && matches!(field.origin, FieldOrigin::Named { .. }) {
            schema.as_object_mut().map(nullable);
        }
        properties.insert(field.name.to_owned(), schema);
        if let Some(label) = Column::label(field, context.referred(field)) {
            properties.insert(label.name.to_string(), label_property(field, &label));
        }
    }
    let required = required(dataset);
    match context.aggregated {
        true => json!({"type": "object", "description": AGGREGATE, "properties": properties}),
        false => json!({"type": "object", "description": dataset.description, "properties": properties, "required": required}),
    }
}

/// The fields that every row in an answer has: those of its key.
pub fn required(dataset: &Dataset) -> BTreeSet<&'static str> {
    dataset.code_field().into_iter().chain(dataset.key_fields()).map(|field| field.name).collect()
}

/// A row of a dataset, made of the examples of its fields.
pub fn example_row(context: Context) -> Value {
    let value = |field: &'static Field| {
        let none = match field.kind {
            _ if field.is_list() => json!([]),
            _ if !field.required => Value::Null,
            Kind::Integer { minimum, .. } => json!(minimum),
            Kind::Decimal => json!(0),
            Kind::Json { array } => {
                if array {
                    json!([])
                } else {
                    json!({})
                }
            }
            Kind::Timestamp => json!("2025-12-01T00:00:00Z"),
            _ => json!("…"),
        };
        (field.name.to_owned(), example(context.dataset, field).unwrap_or(none))
    };
    Value::Object(context.shown_fields().into_iter().map(value).collect())
}

/// The schema of one value of a filter on a field.
pub fn filter_value(field: &Field) -> Value {
    let mut schema = match field.kind {
        Kind::Decimal => json!({"type": "string", "format": "decimal", "pattern": DECIMAL, "maxLength": value::DECIMAL_DIGITS}),
        _ => scalar(field),
    };
    if let Some(object) = schema.as_object_mut()
        && object.get("type") == Some(&json!("string"))
        && object.get("enum").is_none()
    {
        object.insert("minLength".to_owned(), json!(1));
        object.entry("maxLength").or_insert(json!(value::VALUE_LENGTH));
    }
    schema
}

/// The name of the schema of a text in a list.
pub const LISTED_TEXT: &str = "ListedText";

/// The schema of a text in a list, where a backslash escapes a comma or a backslash.
pub fn listed_text() -> Value {
    let text = "A text in a list: `\\,` is a comma, and `\\\\` a backslash.";
    json!({"type": "string", "minLength": 1, "maxLength": value::VALUE_LENGTH, "pattern": LISTED, "description": text})
}

/// The schema of one value of a list.
pub fn listed(schema: Value) -> Value {
    let plain = schema["type"] == "string" && schema["maxLength"] == json!(value::VALUE_LENGTH);
    match plain && schema["enum"].is_null() && schema["format"].is_null() && schema["pattern"].is_null() {
        true => json!({"$ref": names::schema_reference(LISTED_TEXT)}),
        false => schema,
    }
}

/// The schema of a list of values separated by commas.
pub fn list_of(items: &Value, most: usize) -> Value {
    json!({"type": "array", "items": items, "minItems": 1, "maxItems": most})
}

/// The schema of a list without duplicates.
pub fn set_of(items: &Value, most: usize) -> Value {
    let mut list = list_of(items, most);
    list["uniqueItems"] = json!(true);
    list
}

/// The most values of a filter.
pub const FILTER_VALUES: usize = selection::LIST_VALUES;

fn property(dataset: &Dataset, field: &Field) -> Value {
    let mut schema = match field.is_list() {
        true => json!({"type": "array", "items": answered(field)}),
        false => answered(field),
    };
    if let Some(object) = schema.as_object_mut() {
        let mut description = field.description.to_owned();
        if let Some(choices) = field.choices() {
            let meanings: Vec<String> =
                choices.iter().map(|choice| format!("- `{}`: {}", choice.value, choice.meaning)).collect();
            description = format!("{description} Open list: may grow.\n\n{}", meanings.join("\n"));
        }
        if let Some(target) = field.reference() {
            description = format!("{description} A code of `{target}`.");
        }
        object.insert("description".to_owned(), json!(description));
        if !field.required && !field.is_list() {
            nullable(object);
        }
        if let Some(example) = example(dataset, field) {
            object.insert("examples".to_owned(), json!([example]));
        }
    }
    schema
}

fn label_property(field: &Field, label: &Column) -> Value {
    let text = json!({"type": ["string", "null"]});
    let (whose, mut schema) = match label.is_list() {
        true => ("labels", json!({"type": ["array", "null"], "items": text})),
        false => ("label", text),
    };
    schema["description"] = json!(format!("The French {whose} of `{}`, if the request has `labels=true`.", field.name));
    schema
}

fn nullable(object: &mut Map<String, Value>) {
    if let Some(kind) = object.get("type").cloned() {
        object.insert("type".to_owned(), json!([kind, "null"]));
    }
}

/// One value in an answer: of any length and, if it is a word of a list, of any word that the list may have one day.
fn answered(field: &Field) -> Value {
    match field.kind {
        Kind::Choice(choices) | Kind::ChoiceList(choices) => {
            json!({"type": "string", "examples": choices.iter().map(|choice| choice.value).collect::<Vec<_>>()})
        }
        Kind::Period | Kind::Code => json!({"type": "string"}),
        _ => scalar(field),
    }
}

/// One value in a request.
fn scalar(field: &Field) -> Value {
    match field.kind {
        Kind::Integer { minimum, maximum } => {
            json!({"type": "integer", "minimum": minimum, "maximum": maximum, "format": "int64"})
        }
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Decimal => json!({"type": "number", "format": "double"}),
        Kind::Date | Kind::PeriodBound { .. } => json!({"type": "string", "format": "date"}),
        Kind::Timestamp => json!({"type": "string", "format": "date-time"}),
        Kind::Choice(choices) | Kind::ChoiceList(choices) => {
            json!({"type": "string", "enum": choices.iter().map(|choice| choice.value).collect::<Vec<_>>()})
        }
        Kind::Json { array: false } if field.members.is_empty() => json!({"type": "object"}),
        Kind::Json { array: false } => json!({"type": "object", "additionalProperties": members(field)}),
        Kind::Json { array: true } => json!({"type": "array", "items": members(field)}),
        Kind::Period => json!({"type": "string", "pattern": PERIOD, "maxLength": PERIOD_LENGTH}),
        Kind::Code if field.format == Some(Format::Breakdown) => {
            json!({"type": "string", "pattern": breakdown::PATTERN, "maxLength": value::VALUE_LENGTH})
        }
        Kind::Code => json!({"type": "string", "pattern": CODE, "maxLength": value::VALUE_LENGTH}),
        Kind::Text | Kind::JoinedCode | Kind::Reference(_) | Kind::TextList | Kind::References(_) => {
            json!({"type": "string"})
        }
    }
}

/// The schema of the objects in a JSON value.
fn members(field: &Field) -> Value {
    let described = |member: &Field| {
        let mut schema = scalar(member);
        schema["description"] = json!(member.description);
        if !member.required {
            schema.as_object_mut().map(nullable);
        }
        (member.name.to_owned(), schema)
    };
    let properties: Map<String, Value> = field.members.iter().map(described).collect();
    json!({"type": "object", "properties": properties})
}

/// An example of a filter on a field; a decimal number is a string of its digits.
pub fn filter_example(dataset: &Dataset, field: &Field) -> Option<Value> {
    example(dataset, field).map(|example| match field.kind {
        Kind::Decimal => json!(example.to_string()),
        _ => example,
    })
}

/// An example of a field, as JSON.
pub fn example(dataset: &Dataset, field: &Field) -> Option<Value> {
    let text = match field.kind {
        Kind::Code => dataset.example,
        _ if field.example.is_empty() => return None,
        _ => field.example,
    };
    let one = match field.kind {
        Kind::Boolean | Kind::Integer { .. } | Kind::Decimal => serde_json::from_str(text).ok()?,
        _ => json!(text),
    };
    Some(if field.is_list() { json!([one]) } else { one })
}
