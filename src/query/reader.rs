//! Owns the reading of a query's pairs into a plan: every fault is gathered, none is passed over or guessed.
//! Must not know where the pairs come from.

use std::collections::BTreeSet;

use super::closest::closest;
use super::cursor::{self, Position};
use super::field::{Field, Kind};
use super::operator::{Operator, SEPARATOR};
use super::plan::{
    Condition, Context, DEFAULT_LIMIT, LIST_VALUES, MAXIMUM_LIMIT, Parameter, Plan, SORT_TERMS, Scope, ScopeKind, SortTerm,
};
use super::{filter, pairs, period, value};
use crate::problem::Fault;

/// Values of the parameter `count`.
pub(super) const COUNTS: [&str; 2] = ["none", "exact"];

pub(super) fn read(context: Context, parent: Option<String>, given: &[(String, String)]) -> Result<Plan, Vec<Fault>> {
    let mut reader = Reader { context, faults: Vec::new() };
    let mut plan = Plan {
        context,
        parent,
        conditions: Vec::new(),
        scopes: Vec::new(),
        sort: Vec::new(),
        limit: DEFAULT_LIMIT,
        count: false,
        release: None,
        after: None,
        checks_codes: true,
        parameters: Vec::new(),
    };
    let known = context.parameters();
    let mut seen = BTreeSet::new();
    let mut cursor_text = None;
    for (name, text) in given {
        let Some(parameter) = known.iter().copied().find(|p| p.name() == *name) else {
            reader.unknown(name, &known);
            continue;
        };
        if !seen.insert(parameter.name()) {
            let several = match parameter {
                Parameter::Filter(_, operator) => operator.takes_list(),
                Parameter::Within | Parameter::Touching | Parameter::Sort => true,
                _ => false,
            };
            let remedy = if several { "give its values once, separated by commas" } else { "give it once" };
            reader.faults.push(Fault::new(name, format!("The parameter is given more than once; {remedy}.")));
            continue;
        }
        match parameter {
            Parameter::Cursor => cursor_text = Some(text),
            other => reader.parameter(other, text, &mut plan),
        }
    }
    plan.sort = reader.complete_order(std::mem::take(&mut plan.sort));
    plan.parameters.sort_unstable();
    if let Some(text) = cursor_text {
        reader.cursor(text, &mut plan);
    }
    if reader.faults.is_empty() { Ok(plan) } else { Err(reader.faults) }
}

struct Reader {
    context: Context,
    faults: Vec<Fault>,
}

impl Reader {
    fn unknown(&mut self, name: &str, known: &[Parameter]) {
        let names: Vec<String> = known.iter().map(|p| p.name()).collect();
        let json = self.context.field(name).is_some();
        let detail = match json {
            true => format!("`{name}` is not a parameter of this collection: the field cannot be filtered on."),
            false => format!("`{}` is not a parameter of this collection.", crate::problem::echo(name)),
        };
        let near = closest(name, names.iter().map(String::as_str));
        // Each field's operators would make the list ten times as long; the closest are looked for among them too.
        let plain = names.iter().filter(|name| !name.contains(SEPARATOR));
        self.faults.push(Fault::new(name, detail).allowed(plain).closest(near));
    }

    fn parameter(&mut self, parameter: Parameter, text: &str, plan: &mut Plan) {
        let canonical = match parameter {
            Parameter::Filter(field, operator) => self.filter(field, operator, text).map(|values| {
                let canonical = if operator.takes_list() { pairs::join(&values) } else { values[0].clone() };
                plan.conditions.push(self.condition(field, operator, values));
                canonical
            }),
            Parameter::Within => self.scope(ScopeKind::Within, parameter, text, plan),
            Parameter::Touching => self.scope(ScopeKind::Touching, parameter, text, plan),
            Parameter::Sort => self.sort(text, plan),
            Parameter::Limit => self.number(parameter, text, 1, MAXIMUM_LIMIT).map(|n| {
                plan.limit = n;
                n.to_string()
            }),
            Parameter::Count => match COUNTS.contains(&text) {
                true => {
                    plan.count = text == "exact";
                    Some(text.to_owned())
                }
                false => {
                    let fault = Fault::new("count", "The value is not one of those admitted.").value(text);
                    self.faults.push(fault.allowed(COUNTS).closest(closest(text, COUNTS)));
                    None
                }
            },
            Parameter::Release => {
                plan.release = self.number(parameter, text, 1, i64::from(i32::MAX)).and_then(|n| i32::try_from(n).ok());
                None
            }
            Parameter::Cursor => None,
        };
        plan.parameters.extend(canonical.map(|text| (parameter.name(), text)));
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

    /// A range of periods is one of their first or last days.
    fn condition(&self, field: &'static Field, operator: Operator, values: Vec<String>) -> Condition {
        let (Kind::Period, Some(bound), Some(period)) = (field.kind, self.context.bound(operator), period::parse(&values[0]))
        else {
            return Condition { field, operator, values };
        };
        let day = match operator {
            Operator::Gt | Operator::Lte => period.end,
            _ => period.start,
        };
        Condition { field: bound, operator, values: vec![day.to_string()] }
    }

    fn filter(&mut self, field: &'static Field, operator: Operator, text: &str) -> Option<Vec<String>> {
        let name = Parameter::Filter(field, operator).name();
        let dataset = self.context.dataset;
        let read = |one: &str| match operator {
            Operator::IsNull => match ["true", "false"].contains(&one) {
                true => Ok(one.to_owned()),
                false => Err(Fault::new(&name, "The value is neither `true` nor `false`.").allowed(["true", "false"])),
            },
            _ => filter::read(dataset, &name, field, operator, one),
        };
        match operator.takes_list() {
            true => self.values(&name, text, read),
            false => read(text).map(|value| vec![value]).map_err(|fault| self.faults.push(fault.value(text))).ok(),
        }
    }

    fn scope(&mut self, kind: ScopeKind, parameter: Parameter, text: &str, plan: &mut Plan) -> Option<String> {
        let name = parameter.name();
        let territories = self.values(&name, text, |one| match one.is_empty() || one.len() > value::VALUE_LENGTH {
            true => Err(Fault::new(&name, "The value is not the code of a territory, such as DEP-59.")),
            false => Ok(one.to_owned()),
        })?;
        let canonical = pairs::join(&territories);
        plan.scopes.push(Scope { kind, territories });
        Some(canonical)
    }

    fn sort(&mut self, text: &str, plan: &mut Plan) -> Option<String> {
        let before = self.faults.len();
        let terms = pairs::list(text);
        if terms.len() > SORT_TERMS {
            self.faults
                .push(Fault::new("sort", format!("The order has {} terms; at most {SORT_TERMS} are admitted.", terms.len())));
            return None;
        }
        for term in &terms {
            let (name, descending) = term.strip_prefix('-').map_or((term.as_str(), false), |name| (name, true));
            match self.context.field(name).filter(|field| field.is_sortable()) {
                Some(field) if plan.sort.iter().any(|t| std::ptr::eq(t.field, field)) => {
                    self.faults.push(Fault::new("sort", "The field stands in the order twice.").value(term));
                }
                Some(field) => plan.sort.push(SortTerm { field, descending, folded: field.is_folded() }),
                None => {
                    let sortable: Vec<&str> = self.context.fields().filter(|f| f.is_sortable()).map(|f| f.name).collect();
                    let near = closest(name, sortable.iter().copied());
                    let detail = "The value is not a field that rows can be sorted by; a `-` before it puts the largest first.";
                    self.faults.push(Fault::new("sort", detail).value(term).allowed(sortable).closest(near));
                }
            }
        }
        (self.faults.len() == before).then(|| text.to_owned())
    }

    /// Ends the order with the key; the code of a joined key stands for its fields.
    fn complete_order(&self, asked: Vec<SortTerm>) -> Vec<SortTerm> {
        let mut order: Vec<SortTerm> = Vec::new();
        let key = |descending| self.context.dataset.key_fields().map(move |field| SortTerm { field, descending, folded: false });
        let expanded = asked.into_iter().flat_map(|term| match term.field.kind {
            Kind::JoinedCode => key(term.descending).collect(),
            _ => vec![term],
        });
        for term in expanded.chain(key(false)) {
            if !order.iter().any(|t| std::ptr::eq(t.field, term.field) && (!t.folded || term.folded)) {
                order.push(term);
            }
        }
        order
    }

    fn cursor(&mut self, text: &str, plan: &mut Plan) {
        let position = match cursor::decode(text, &plan.identity()) {
            Ok(position) if position.values.len() == plan.sort.len() && self.readable(&position, plan) => position,
            Ok(_) | Err(cursor::Refusal::Unreadable) => {
                let detail = "The value is not a cursor of this service; follow the link `next` as it stands.";
                return self.faults.push(Fault::new("cursor", detail).value(text));
            }
            Err(cursor::Refusal::OtherRequest) if !self.faults.is_empty() => return,
            Err(cursor::Refusal::OtherRequest) => {
                let detail = "The cursor belongs to another request; only `limit` and `count` may change between pages.";
                return self.faults.push(Fault::new("cursor", detail).value(text));
            }
        };
        if plan.release.is_some_and(|release| release != position.release) {
            let detail = format!("The cursor reads release {}; leave `release` out or give the same.", position.release);
            return self.faults.push(Fault::new("release", detail));
        }
        plan.release = Some(position.release);
        plan.after = Some(position);
    }

    /// Whether each value of a position can be one of its field.
    fn readable(&self, position: &Position, plan: &Plan) -> bool {
        plan.sort.iter().zip(&position.values).all(|(term, text)| match text {
            Some(text) => !text.contains('\0') && (term.field.is_folded() || value::parse(term.field, text).is_ok()),
            None => !term.field.required,
        })
    }
}
