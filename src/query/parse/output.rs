//! Owns the parameters that decide what is shown of the rows: columns, related rows, facets, groups, representation.
//! Must not know which rows come.

use super::parser::Parser;
use crate::problem::Reason;
use crate::query::collection::include::INCLUDES;
use crate::query::collection::parameter::Parameter;
use crate::query::model::field::Field;
use crate::query::model::representation::Representation;
use crate::query::pairs;
use crate::query::plan::Plan;
use crate::query::plan::grouping::{Function, GROUP_FIELDS};
use crate::query::plan::reading::FACETS;

/// Reads the fields of `fields`.
pub fn fields(parser: &mut Parser, text: &str) -> Option<String> {
    let all = parser.context.shown_fields();
    parser.fields = Some(parser.listed_fields(Parameter::Fields, text, all.len(), &all)?);
    Some(text.to_owned())
}

/// Reads the fields whose values are counted.
pub fn facets(parser: &mut Parser, text: &str, plan: &mut Plan) -> Option<String> {
    let all: Vec<&'static Field> = parser.context.fields().filter(|field| field.is_facet()).collect();
    plan.reading.facets = parser.listed_fields(Parameter::Facets, text, FACETS, &all)?;
    Some(text.to_owned())
}

/// Reads the names of the related rows to include.
pub fn include(parser: &mut Parser, text: &str, plan: &mut Plan) -> Option<String> {
    let (all, before) = (parser.context.includes(), parser.faults.len());
    let names: Vec<String> = all.iter().map(|include| include.name()).collect();
    let included = &mut plan.reading.include;
    for one in pairs::list(text) {
        match all.iter().find(|include| include.name() == one) {
            Some(_) if included.iter().any(|include| include.name() == one) => parser.twice(Parameter::Include, &one),
            Some(include) => included.push(*include),
            None => parser.not_allowed(Parameter::Include, Reason::UnknownValue, &one, names.iter().map(String::as_str)),
        }
    }
    if included.len() > INCLUDES {
        parser.too_many(Parameter::Include, included.len(), INCLUDES);
    }
    (parser.faults.len() == before).then(|| text.to_owned())
}

/// Reads the fields of `by`.
pub fn by(parser: &mut Parser, text: &str, plan: &mut Plan) -> Option<String> {
    let all: Vec<&'static Field> = parser.context.fields().filter(|field| parser.context.is_group(field)).collect();
    let by = parser.listed_fields(Parameter::By, text, GROUP_FIELDS, &all)?;
    plan.selection.grouping.get_or_insert_default().by = by;
    Some(text.to_owned())
}

/// Reads the functions of `function`.
pub fn function(parser: &mut Parser, text: &str, plan: &mut Plan) -> Option<String> {
    let suited: Vec<Function> = Function::of(parser.context.dataset.shape).collect();
    let names: Vec<&'static str> = suited.iter().map(|function| function.name()).collect();
    let words = parser.words(Parameter::Function, text, names.len(), &names)?;
    let functions = suited.into_iter().filter(|function| words.contains(&function.name())).collect();
    plan.selection.grouping.get_or_insert_default().functions = functions;
    Some(text.to_owned())
}

/// Reads the territories of `compare`.
pub fn compare(parser: &mut Parser, text: &str, plan: &mut Plan) -> Option<String> {
    let words = Parameter::Compare.words();
    let found = parser.words(Parameter::Compare, text, words.len(), words)?;
    plan.selection.compare = found.into_iter().map(str::to_owned).collect();
    Some(text.to_owned())
}

/// Reads the representation.
pub fn format(parser: &mut Parser, text: &str, plan: &mut Plan) -> Option<String> {
    let words: Vec<&'static str> = parser.context.representations().map(Representation::name).collect();
    let word = parser.choice(Parameter::Format, text, &words)?;
    plan.presentation.representation = Representation::ALL.into_iter().find(|one| one.name() == word)?;
    Some(word.to_owned())
}
