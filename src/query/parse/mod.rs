//! Owns the reading of a query's pairs into a plan: every fault is gathered, none is passed over or guessed.
//! Must not know where the pairs come from.

pub mod filter;
mod order;
mod rows;
mod rules;
mod shape;

use std::collections::BTreeSet;

use super::collection::context::Context;
use super::collection::operator::SEPARATOR;
use super::collection::parameter::Parameter;
use super::model::representation::Representation;
use super::model::value;
use super::pairs;
use super::plan::Plan;
use super::plan::grouping::Grouping;
use super::plan::presentation::{Count, Labels, Presentation};
use super::plan::reading::{MAXIMUM_LIMIT, Reading};
use super::plan::selection::{LAST, LIST_VALUES, ScopeKind, Selection};
use super::plan::vintage::Vintages;
use super::suggest::closest;
use crate::problem::Fault;

pub(super) fn read(
    context: Context,
    parent: Option<String>,
    known: &[Parameter],
    given: &[(String, String)],
    preferred: Representation,
) -> Result<Plan, Vec<Fault>> {
    let versions = Parameter::Vintages.name();
    let versioned = known.iter().any(|p| p.name() == versions) && given.iter().any(|(name, _)| *name == versions);
    // The versions of rows have fields that other parameters may name, whichever comes first.
    let context = if versioned { context.of_versions() } else { context };
    let mut reader = Reader { context, faults: Vec::new(), fields: None, cursor: None, point: [None; 2], aggregated: false };
    let mut plan = blank(context, parent, preferred);
    let mut seen = BTreeSet::new();
    for (name, text) in given {
        let Some(parameter) = known.iter().copied().find(|p| p.name() == *name) else {
            reader.unknown(name, known);
            continue;
        };
        if !seen.insert(parameter.name()) {
            let remedy = match parameter.takes_list() {
                true => "give its values once, separated by commas",
                false => "give it once",
            };
            reader.faults.push(Fault::new(name, format!("The parameter is given more than once; {remedy}.")));
            continue;
        }
        let canonical = reader.parameter(parameter, text, &mut plan);
        plan.parameters.extend(canonical.map(|text| (parameter.name(), text)));
    }
    let representation = plan.presentation.representation;
    if representation != Representation::Json && !seen.contains(&Parameter::Format.name()) {
        // The header asked for it, which addresses that lead on or here again cannot count on.
        plan.parameters.push((Parameter::Format.name(), representation.name().to_owned()));
    }
    reader.finish(&mut plan);
    if reader.faults.is_empty() { Ok(plan) } else { Err(reader.faults) }
}

fn blank(context: Context, parent: Option<String>, representation: Representation) -> Plan {
    Plan {
        selection: Selection::all(context, parent),
        reading: Reading::default(),
        presentation: Presentation::of(representation),
        parameters: Vec::new(),
    }
}

/// Gathers faults, and what can only be judged when everything has been read.
struct Reader {
    context: Context,
    faults: Vec<Fault>,
    fields: Option<Vec<&'static super::Field>>,
    cursor: Option<String>,
    point: [Option<f64>; 2],
    aggregated: bool,
}

impl Reader {
    fn unknown(&mut self, name: &str, known: &[Parameter]) {
        let names: Vec<String> = known.iter().map(|p| p.name()).collect();
        let json = self.context.field(name).is_some();
        let detail = match json {
            true => format!("`{name}` is not a parameter of this address: the field cannot be filtered on."),
            false => format!("`{}` is not a parameter of this address.", crate::problem::echo(name)),
        };
        let near = closest(name, names.iter().map(String::as_str));
        // Each field's operators would make the list ten times as long; the closest are looked for among them too.
        let plain = names.iter().filter(|name| !name.contains(SEPARATOR));
        self.faults.push(Fault::new(name, detail).allowed(plain).closest(near));
    }

    /// Reads one parameter and gives its canonical text; nothing for those that links do not repeat.
    fn parameter(&mut self, parameter: Parameter, text: &str, plan: &mut Plan) -> Option<String> {
        let shown = &mut plan.presentation;
        match parameter {
            Parameter::Filter(field, operator) => self.filter(field, operator, text, plan),
            Parameter::Within => self.scope(ScopeKind::Within, parameter, text, plan),
            Parameter::Touching => self.scope(ScopeKind::Touching, parameter, text, plan),
            Parameter::Geography => self.geography(text, plan),
            Parameter::Bbox => self.bbox(text, plan),
            Parameter::Lon => self.degrees(parameter, text, 180.0).map(|degrees| {
                self.point[0] = Some(degrees);
                text.to_owned()
            }),
            Parameter::Lat => self.degrees(parameter, text, 90.0).map(|degrees| {
                self.point[1] = Some(degrees);
                text.to_owned()
            }),
            Parameter::Search => self.search(text, plan),
            Parameter::Sort => self.sort(text, plan),
            Parameter::Fields => self.fields(text),
            Parameter::Include => self.include(text, plan),
            Parameter::Facets => self.facets(text, plan),
            Parameter::GroupBy => self.group_by(text, plan),
            Parameter::Aggregate => self.aggregate(text, plan),
            Parameter::Rollup => self.truth(parameter, text).map(|rollup| {
                plan.selection.grouping.get_or_insert_with(Grouping::default).rollup = rollup;
                rollup.to_string()
            }),
            Parameter::Compare => self.compare(text, plan),
            Parameter::Limit => self.number(parameter, text, 1, MAXIMUM_LIMIT).map(|n| {
                plan.reading.limit = Some(n);
                n.to_string()
            }),
            Parameter::Last => self.number(parameter, text, 1, LAST).map(|n| {
                plan.selection.last = Some(n);
                n.to_string()
            }),
            Parameter::Latest => self.truth(parameter, text).map(|latest| {
                plan.selection.last = plan.selection.last.or(latest.then_some(1));
                latest.to_string()
            }),
            Parameter::Count => self.word(parameter, text).map(|word| {
                plan.reading.count = match word {
                    "exact" => Count::Exact,
                    "bounded" => Count::Bounded,
                    _ => Count::None,
                };
                word.to_owned()
            }),
            Parameter::Labels => self.word(parameter, text).map(|word| {
                shown.labels = match word {
                    "name" => Labels::Name,
                    "both" => Labels::Both,
                    _ => Labels::Code,
                };
                word.to_owned()
            }),
            Parameter::Vintages => self.word(parameter, text).map(|word| {
                plan.selection.vintages = Some(match word {
                    "first" => Vintages::First,
                    "revised" => Vintages::Revised,
                    _ => Vintages::All,
                });
                word.to_owned()
            }),
            Parameter::Layout => self.word(parameter, text).map(|word| {
                shown.wide = word == "wide";
                word.to_owned()
            }),
            Parameter::Delimiter => self.word(parameter, text).map(|word| {
                shown.delimiter = if word == "tab" { b'\t' } else { word.as_bytes()[0] };
                word.to_owned()
            }),
            Parameter::Decimal => self.word(parameter, text).map(|word| {
                shown.decimal = word.as_bytes()[0];
                word.to_owned()
            }),
            Parameter::Bom => self.truth(parameter, text).map(|bom| {
                shown.spreadsheet = bom;
                bom.to_string()
            }),
            Parameter::Trailer => self.truth(parameter, text).map(|trailer| {
                shown.trailer = trailer;
                trailer.to_string()
            }),
            Parameter::Geometry => self.word(parameter, text).map(|word| {
                shown.centres = word == "centre";
                word.to_owned()
            }),
            Parameter::Format => self.format(text, plan),
            Parameter::Release => {
                plan.selection.release = self.number(parameter, text, 1, i64::from(i32::MAX)).and_then(|n| i32::try_from(n).ok());
                None
            }
            Parameter::AsOf => {
                plan.selection.as_of = self.as_of(text);
                None
            }
            Parameter::Cursor => {
                self.cursor = Some(text.to_owned());
                None
            }
        }
    }

    fn number(&mut self, parameter: Parameter, text: &str, minimum: i64, maximum: i64) -> Option<i64> {
        value::integer(text, minimum, maximum)
            .map_err(|why| {
                let near =
                    text.parse::<f64>().ok().filter(|n| !n.is_nan()).map(|n| (n as i64).clamp(minimum, maximum).to_string());
                self.faults.push(Fault::new(parameter.name(), format!("The value {why}.")).value(text).closest(near));
            })
            .ok()
    }

    /// One of the words of a parameter.
    fn word(&mut self, parameter: Parameter, text: &str) -> Option<&'static str> {
        self.choice(&parameter.name(), text, parameter.words())
    }

    fn choice(&mut self, name: &str, text: &str, words: &[&'static str]) -> Option<&'static str> {
        let found = words.iter().copied().find(|word| *word == text);
        if found.is_none() {
            let fault = Fault::new(name, "The value is not one of those admitted.").value(text);
            self.faults.push(fault.allowed(words.iter().copied()).closest(closest(text, words.iter().copied())));
        }
        found
    }

    fn truth(&mut self, parameter: Parameter, text: &str) -> Option<bool> {
        self.word(parameter, text).map(|word| word == "true")
    }

    /// The values of a list parameter, each read by `read`; sorted, without doubles.
    fn values(&mut self, name: &str, text: &str, read: impl Fn(&str) -> Result<String, Fault>) -> Option<Vec<String>> {
        let given = pairs::list(text);
        if given.len() > LIST_VALUES {
            self.faults
                .push(Fault::new(name, format!("The list has {} values; at most {LIST_VALUES} are admitted.", given.len())));
            return None;
        }
        let before = self.faults.len();
        let mut values = BTreeSet::new();
        for one in &given {
            match read(one) {
                Ok(canonical) => _ = values.insert(canonical),
                Err(fault) => self.faults.push(fault.value(one)),
            }
        }
        (self.faults.len() == before).then(|| values.into_iter().collect())
    }
}
