//! Owns the reading of pairs: finds the parameter of each name, and stores its value in the plan.
//! Must not know which parameters go together; `rules` does.

use std::collections::BTreeSet;

use super::parser::Parser;
use super::{filters, order, output, page, rules, spellings};
use crate::problem::{Fault, Reason};
use crate::query::collection::context::Context;
use crate::query::collection::parameter::Parameter;
use crate::query::model::representation::Representation;
use crate::query::plan::Plan;
use crate::query::plan::presentation::{Count, Presentation};
use crate::query::plan::reading::{MAXIMUM_LIMIT, Reading};
use crate::query::plan::selection::{LAST, ScopeKind, Selection};
use crate::query::plan::vintage::Vintages;

/// Reads the pairs of a query, of which only the parameters in `accepted` may be given.
///
/// # Errors
/// Returns every fault of the request.
pub fn read(
    context: Context,
    parent: Option<String>,
    accepted: &[Parameter],
    pairs: &[(String, String)],
    preferred: Representation,
) -> Result<Plan, Vec<Fault>> {
    let named = |name: &str| accepted.iter().copied().find(|parameter| parameter.is_named(name));
    let is_filter = |name: &str| matches!(named(name), Some(Parameter::Filter(..)));
    let pairs = spellings::plain(pairs, is_filter, |name| named(name).is_some_and(Parameter::takes_list));
    let versioned = accepted.iter().any(|parameter| matches!(parameter, Parameter::Vintages))
        && pairs.iter().any(|(name, _)| Parameter::Vintages.is_named(name));
    // Versions have fields that other parameters can name, also if these come first.
    let context = if versioned { context.of_versions() } else { context };
    let mut parser = Parser::new(context);
    let mut plan = Plan {
        selection: Selection::all(context, parent),
        reading: Reading::default(),
        presentation: Presentation::of(preferred),
        parameters: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    for (name, text) in &pairs {
        let Some(parameter) = accepted.iter().copied().find(|parameter| parameter.is_named(name)) else {
            parser.unknown(name, accepted);
            continue;
        };
        if !seen.insert(name) {
            parser.fault(parameter, Reason::Repeated, "The parameter is given more than once; give it once.");
            continue;
        }
        let canonical = store(&mut parser, parameter, text, &mut plan);
        plan.parameters.extend(canonical.map(|text| (name.clone(), text)));
    }
    let representation = plan.presentation.representation;
    if representation != Representation::Json && !seen.iter().any(|name| Parameter::Format.is_named(name)) {
        // The `Accept` header asked for it. A link of the answer must repeat it, since its client may send no header.
        plan.parameters.push((Parameter::Format.name().into_owned(), representation.name().to_owned()));
    }
    rules::finish(&mut parser, &mut plan);
    if parser.faults.is_empty() { Ok(plan) } else { Err(parser.faults) }
}

/// Reads one parameter into the plan. Returns its canonical text, or `None` if links do not repeat the parameter.
fn store(parser: &mut Parser, parameter: Parameter, text: &str, plan: &mut Plan) -> Option<String> {
    let shown = &mut plan.presentation;
    match parameter {
        Parameter::Filter(field, operator) => filters::filter(parser, field, operator, text, plan),
        Parameter::Relation(relation) => filters::relation(parser, relation, text, plan),
        Parameter::Within => filters::scope(parser, ScopeKind::Within, text, plan),
        Parameter::Touching => filters::scope(parser, ScopeKind::Touching, text, plan),
        Parameter::Covers => filters::scope(parser, ScopeKind::Covers, text, plan),
        Parameter::Geography => filters::geography(parser, text, plan),
        Parameter::Bbox => filters::bbox(parser, text, plan),
        Parameter::Lon => filters::degrees(parser, parameter, text, 180.0).map(|degrees| {
            parser.point[0] = Some(degrees);
            text.to_owned()
        }),
        Parameter::Lat => filters::degrees(parser, parameter, text, 90.0).map(|degrees| {
            parser.point[1] = Some(degrees);
            text.to_owned()
        }),
        Parameter::Search => filters::search(parser, text, plan),
        Parameter::Sort => order::sort(parser, text, plan),
        Parameter::Fields => output::fields(parser, text),
        Parameter::Include => output::include(parser, text, plan),
        Parameter::Facets => output::facets(parser, text, plan),
        Parameter::By => output::by(parser, text, plan),
        Parameter::Function => output::function(parser, text, plan),
        Parameter::Compare => output::compare(parser, text, plan),
        Parameter::Limit => parser.number(parameter, text, 1, MAXIMUM_LIMIT).map(|n| {
            plan.reading.limit = Some(n);
            n.to_string()
        }),
        Parameter::Last => parser.number(parameter, text, 1, LAST).map(|n| {
            plan.selection.last = Some(n);
            n.to_string()
        }),
        Parameter::Total => parser.word(parameter, text).map(|word| {
            plan.reading.count = match word {
                "exact" => Count::Exact,
                "bounded" => Count::Bounded,
                _ => Count::None,
            };
            word.to_owned()
        }),
        Parameter::Labels => parser.boolean(parameter, text).map(|labels| {
            shown.labels = labels;
            labels.to_string()
        }),
        Parameter::Vintages => parser.word(parameter, text).map(|word| {
            plan.selection.vintages = Some(match word {
                "first" => Vintages::First,
                "revised" => Vintages::Revised,
                _ => Vintages::All,
            });
            word.to_owned()
        }),
        Parameter::Layout => parser.word(parameter, text).map(|word| {
            shown.wide = word == "wide";
            word.to_owned()
        }),
        Parameter::Geometry => parser.word(parameter, text).map(|word| {
            shown.centres = word == "centre";
            word.to_owned()
        }),
        Parameter::Format => output::format(parser, text, plan),
        Parameter::Release => {
            plan.selection.release = parser.number(parameter, text, 1, i64::from(i32::MAX)).and_then(|n| i32::try_from(n).ok());
            None
        }
        Parameter::AsOf => {
            plan.selection.as_of = page::as_of(parser, text);
            None
        }
        Parameter::Cursor => {
            parser.cursor = Some(text.to_owned());
            None
        }
    }
}
