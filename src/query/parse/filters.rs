//! Owns the parameters that decide which rows come: filters, scopes, the map, the search.
//! Must not know how rows are shown.

use chrono::NaiveDate;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::parser::Parser;
use crate::problem::{Fault, Reason};
use crate::query::collection::operator::Operator;
use crate::query::collection::parameter::Parameter;
use crate::query::model::dataset::Dataset;
use crate::query::model::field::{Field, Kind};
use crate::query::model::link::Relation;
use crate::query::model::{period, value};
use crate::query::pairs;
use crate::query::plan::Plan;
use crate::query::plan::condition::Condition;
use crate::query::plan::selection::{RelationFilter, ScopeKind, SpatialFilter, TerritoryScope};
use crate::query::suggest::closest;

/// The most words of a search.
pub const SEARCH_WORDS: usize = 10;

/// Reads a filter, and gives its canonical text.
pub fn filter(parser: &mut Parser, field: &'static Field, operator: Operator, text: &str, plan: &mut Plan) -> Option<String> {
    let values = filter_values(parser, field, operator, text)?;
    let canonical = if operator.takes_list() { pairs::join(&values) } else { values[0].clone() };
    plan.selection.conditions.extend(conditions(parser, field, operator, values));
    Some(canonical)
}

/// The conditions of a filter. A range of periods becomes a range of their first or last days; an overlap, one of both.
fn conditions(parser: &Parser, field: &'static Field, operator: Operator, values: Vec<String>) -> Vec<Condition> {
    let (Kind::Period, Some(bound), Some(period)) =
        (field.kind, parser.context.bound(field, operator), period::parse(&values[0]))
    else {
        return vec![Condition { field, operator, values }];
    };
    let compared = |bound, operator, day: NaiveDate| Condition { field: bound, operator, values: vec![day.to_string()] };
    match (operator, period.end, parser.context.bound(field, Operator::Gte)) {
        // Who asks from a day on names no last one: every period that has begun at all may go on.
        (Operator::Overlaps, None, Some(first)) => {
            let begun = Condition { field: first, operator: Operator::IsNull, values: vec!["false".to_owned()] };
            vec![begun, compared(bound, operator, period.start)]
        }
        (Operator::Overlaps, Some(end), Some(first)) => {
            vec![compared(first, Operator::Lte, end), compared(bound, operator, period.start)]
        }
        (Operator::Gt | Operator::Lte, Some(end), _) => vec![compared(bound, operator, end)],
        _ => vec![compared(bound, operator, period.start)],
    }
}

fn filter_values(parser: &mut Parser, field: &'static Field, operator: Operator, text: &str) -> Option<Vec<String>> {
    let parameter = Parameter::Filter(field, operator);
    let (name, dataset) = (parameter.name(), parser.context.dataset);
    let read =
        |one: &str| match operator {
            Operator::IsNull => match ["true", "false"].contains(&one) {
                true => Ok(one.to_owned()),
                false => Err(Fault::new(Reason::UnknownValue, &*name, "The value is neither `true` nor `false`.")
                    .allowed(["true", "false"])),
            },
            _ => filter_value(dataset, &name, field, operator, one),
        };
    match operator.takes_list() {
        true => parser.values(parameter, text, read).map(|values| with_composed(field, values)),
        false => read(text).map(|value| vec![value]).map_err(|fault| parser.faults.push(fault.value(text))).ok(),
    }
}

/// The texts, and beside one with combining marks its composed form (NFC), in which nearly all texts are published: the two look
/// alike, and are the same text to Unicode.
fn with_composed(field: &Field, mut values: Vec<String>) -> Vec<String> {
    if !matches!(field.kind, Kind::Text | Kind::TextList) || values.iter().all(|value| is_nfc(value)) {
        return values;
    }
    values.extend(values.iter().map(|value| value.nfc().collect()).collect::<Vec<String>>());
    values.sort_unstable();
    values.dedup();
    values
}

/// Reads one value of a filter, and gives its canonical text.
///
/// # Errors
/// Returns a fault that says what is wrong, which values are allowed, and which come closest.
fn filter_value(dataset: &Dataset, name: &str, field: &'static Field, operator: Operator, one: &str) -> Result<String, Fault> {
    let fault = |reason: Reason, why: String| Fault::new(reason, name, format!("The value {why}."));
    if one.chars().count() > value::VALUE_LENGTH {
        return Err(fault(Reason::TooLong, format!("is longer than {} characters", value::VALUE_LENGTH)));
    }
    if !operator.takes_values() {
        return if one.is_empty() { Err(fault(Reason::Missing, "is empty".to_owned())) } else { Ok(one.to_owned()) };
    }
    if matches!(field.kind, Kind::JoinedCode) {
        let parts = dataset
            .split_code(one)
            .ok_or_else(|| fault(Reason::BadSyntax, format!("is not a code of {} parts joined by `~`", dataset.key.len())))?;
        for (part, text) in &parts {
            value::parse(part, text)
                .map_err(|why| fault(value::reason(part, text), format!("has a part `{}` that {why}", part.name)))?;
        }
        return Ok(one.to_owned());
    }
    let read = value::parse(field, one).map_err(|why| match field.choices() {
        Some(choices) => {
            let words = choices.iter().map(|choice| choice.value);
            fault(Reason::UnknownValue, why).allowed(words.clone()).closest(closest(one, words))
        }
        None => fault(value::reason(field, one), why),
    })?;
    if operator != Operator::Overlaps {
        dataset.check_end(field, &read).map_err(|why| fault(Reason::UnknownValue, why))?;
    }
    let compares_end = matches!(field.kind, Kind::Period) && matches!(operator, Operator::Gt | Operator::Lte);
    match compares_end && read.ends_with(period::OPEN) {
        true => Err(fault(Reason::OutOfRange, "has no end to compare with; `__overlaps` takes an open period".to_owned())),
        false => Ok(read),
    }
}

/// Reads the codes of a parameter that no field holds; `what` names such a code.
fn codes(parser: &mut Parser, parameter: Parameter, text: &str, what: &str) -> Option<Vec<String>> {
    parser.values(parameter, text, |one| match one.is_empty() || one.chars().count() > value::VALUE_LENGTH {
        true => Err(Fault::new(Reason::BadSyntax, parameter.name(), format!("The value is not {what}."))),
        false => Ok(one.to_owned()),
    })
}

/// Reads the codes of a relation.
pub fn relation(parser: &mut Parser, relation: &'static Relation, text: &str, plan: &mut Plan) -> Option<String> {
    let codes = codes(parser, Parameter::Relation(relation), text, &format!("a code of `{}`", relation.target))?;
    let canonical = pairs::join(&codes);
    plan.selection.relations.push(RelationFilter { relation, codes });
    Some(canonical)
}

/// Reads the codes of `within`, `touching` or `covers`.
pub fn scope(parser: &mut Parser, kind: ScopeKind, text: &str, plan: &mut Plan) -> Option<String> {
    let territories = codes(parser, kind.parameter(), text, "the code of a territory, such as DEP-59")?;
    let canonical = pairs::join(&territories);
    plan.selection.scopes.push(TerritoryScope { kind, territories });
    Some(canonical)
}

/// Reads a day, or a year, which stands for its 1 January: the day of the yearly editions of the official geography.
pub fn geography(parser: &mut Parser, text: &str, plan: &mut Plan) -> Option<String> {
    let day = match text.len() {
        4 => period::parse(text).map(|year| year.start),
        _ => period::day(text),
    };
    if day.is_none() {
        let detail =
            "The value is neither a day of the calendar, such as 2012-06-30, nor a year, such as 2012, for its 1 January.";
        parser.invalid(Parameter::Geography, Reason::BadSyntax, text, detail);
    }
    plan.selection.geography = day;
    day.map(|day| day.to_string())
}

/// Reads a bounding box: west, south, east, north. It cannot cross the antimeridian, and no contour does.
pub fn bbox(parser: &mut Parser, text: &str, plan: &mut Plan) -> Option<String> {
    let parts = pairs::list(text);
    let Ok(parts) = <[String; 4]>::try_from(parts) else {
        let detail = "The value is not a box: west, south, east, north, in degrees, such as 2.9,50.5,3.2,50.8.";
        parser.invalid(Parameter::Bbox, Reason::BadSyntax, text, detail);
        return None;
    };
    let mut corners = [0.0; 4];
    for (at, part) in parts.iter().enumerate() {
        corners[at] = degrees(parser, Parameter::Bbox, part, if at % 2 == 0 { 180.0 } else { 90.0 })?;
    }
    if corners[0] > corners[2] || corners[1] > corners[3] {
        let detail = "The box is empty: west must not lie east of east, nor south north of north.";
        parser.invalid(Parameter::Bbox, Reason::OutOfRange, text, detail);
        return None;
    }
    plan.selection.spatial.push(SpatialFilter::Bbox(corners));
    Some(text.to_owned())
}

/// Reads a longitude or latitude in degrees, of at most `most` in either direction.
pub fn degrees(parser: &mut Parser, parameter: Parameter, text: &str, most: f64) -> Option<f64> {
    const DEGREES: Field = Field::optional("degrees", Kind::Decimal, "", "");
    let number = value::parse(&DEGREES, text).ok().and_then(|text| text.parse::<f64>().ok());
    if number.is_none_or(|degrees| degrees.abs() > most) {
        let detail = format!("The value is not a number of degrees from -{most} to {most}, such as 3.0573.");
        parser.invalid(parameter, Reason::BadSyntax, text, detail);
        return None;
    }
    number
}

/// Reads the text of a full-text search.
pub fn search(parser: &mut Parser, text: &str, plan: &mut Plan) -> Option<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).count();
    let wrong = match words {
        0 => Some((Reason::Missing, "The value holds no word.".to_owned())),
        n if n > SEARCH_WORDS => {
            Some((Reason::TooMany, format!("The value has {n} words; at most {SEARCH_WORDS} are searched for.")))
        }
        _ if text.chars().count() > value::VALUE_LENGTH => {
            Some((Reason::TooLong, format!("The value is longer than {} characters.", value::VALUE_LENGTH)))
        }
        _ => None,
    };
    if let Some((reason, detail)) = wrong {
        parser.invalid(Parameter::Search, reason, text, detail);
        return None;
    }
    plan.selection.search = Some(text.to_owned());
    plan.selection.search.clone()
}
