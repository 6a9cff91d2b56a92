//! Owns the description of filters with an operator (`period__gte`), and of few others: one parameter of each list, an object with a member
//! for each field and operator, which is sent as if each member were a parameter.
//! Must not know any one dataset.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{bounds, names, schemas};
use crate::query::collection::parameter::FILTERS;
use crate::query::model::value;
use crate::query::pairs::QUERY_LENGTH;
use crate::query::{Context, Field, Kind, Operator, Parameter};

const DESCRIPTION: &str =
    "The filters with an operator, and those on the first and last day of a period, each sent under its own name.";

/// What the operators do, for the description of the whole document.
pub fn operators() -> String {
    let named = Operator::ALL.into_iter().filter(|operator| *operator != Operator::AnyOf);
    let operators: Vec<String> = named.map(|operator| format!("- `__{}`: {}", operator.name(), operator.meaning())).collect();
    format!(
        "**Filters with an operator** are the members of the object `filters` of a list. Each is sent under its own name, as \
         `period__gte=2019&value__gt=0`; `filters[period__gte]=2019`, as some clients write it, is understood too. `__ne` takes \
         several values, separated by commas.\n\n{}",
        operators.join("\n")
    )
}

/// Whether a parameter is described here rather than by itself: it has an operator, or it is a day that follows from a
/// period, which has a filter of its own.
pub fn is_member(parameter: Parameter) -> bool {
    match parameter {
        Parameter::Filter(field, operator) => operator != Operator::AnyOf || matches!(field.kind, Kind::PeriodBound { .. }),
        _ => false,
    }
}

/// The parameter of a list, if any of its fields has an operator.
pub fn parameter(context: Context) -> Option<Value> {
    context.parameters().into_iter().any(is_member).then(|| {
        json!({
            "name": FILTERS,
            "in": "query",
            "required": false,
            "description": DESCRIPTION,
            "style": "form",
            "explode": true,
            "schema": {"$ref": names::schema_reference(&schema_name(context))},
            "example": {},
        })
    })
}

/// The name of the schema of the object.
pub fn schema_name(context: Context) -> String {
    format!("{}Filters", names::row(context.dataset, context.extra))
}

/// The schema of the object: a member for each parameter that has an operator.
pub fn schema(context: Context) -> Value {
    let mut members = Map::new();
    for parameter in context.parameters() {
        if let Parameter::Filter(field, operator) = parameter
            && is_member(parameter)
        {
            members.insert(parameter.name().into_owned(), json!({"$ref": names::schema_reference(member(field, operator))}));
        }
    }
    json!({
        "type": "object",
        "description": format!("The filters with an operator at `/v1/{}`.", context.dataset.name),
        "properties": members,
        "additionalProperties": false,
    })
}

/// The name of the schema of a member.
fn member(field: &Field, operator: Operator) -> &'static str {
    match (operator, field.kind) {
        (Operator::IsNull, _) => "FilterIsNull",
        (Operator::AnyOf | Operator::Ne, _) => "FilterValues",
        (Operator::Contains | Operator::StartsWith, _) => "FilterText",
        (_, Kind::Integer { .. }) => "FilterInteger",
        (_, Kind::Decimal) => "FilterDecimal",
        (_, Kind::Timestamp) => "FilterInstant",
        (_, Kind::Period) => "FilterPeriod",
        (_, Kind::Date | Kind::PeriodBound { .. }) => "FilterDate",
        _ => "FilterText",
    }
}

/// The schemas of all members and of the values of lists, by name.
pub fn members() -> BTreeMap<String, Value> {
    let text = |more: Value, description: &str| {
        let mut schema = json!({
            "type": "string",
            "minLength": 1,
            "maxLength": value::VALUE_LENGTH,
            "pattern": bounds::NO_CONTROLS,
            "description": description,
        });
        if let (Some(schema), Value::Object(more)) = (schema.as_object_mut(), more) {
            schema.extend(more);
        }
        schema
    };
    let all = [
        ("FilterIsNull", json!({"type": "boolean", "description": "Whether the row has no value."})),
        ("FilterText", text(json!({}), "A piece of text.")),
        ("FilterValues", text(json!({"maxLength": QUERY_LENGTH}), "Values separated by commas; `\\,` is a comma in a value.")),
        ("FilterInteger", json!({"type": "integer", "format": "int64", "description": "A whole number."})),
        ("FilterDecimal", text(json!({"pattern": schemas::DECIMAL, "maxLength": value::DECIMAL_DIGITS}), "A decimal number.")),
        ("FilterDate", json!({"type": "string", "format": "date", "description": "A day (ISO 8601)."})),
        ("FilterInstant", json!({"type": "string", "format": "date-time", "description": "An instant (RFC 3339)."})),
        ("FilterPeriod", text(json!({"pattern": schemas::PERIOD, "maxLength": schemas::PERIOD_LENGTH}), "A period (ISO 8601).")),
    ];
    let listed = (schemas::LISTED_TEXT, schemas::listed_text());
    all.into_iter().chain([listed]).map(|(name, schema)| (name.to_owned(), schema)).collect()
}
