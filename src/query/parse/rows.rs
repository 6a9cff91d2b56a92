//! Owns the parameters that decide which rows come: filters, scopes, places, the search.
//! Must not know how rows are shown.

use super::Reader;
use super::filter;
use crate::problem::Fault;
use crate::query::model::{period, value};
use crate::query::plan::Plan;
use crate::query::plan::condition::Condition;
use crate::query::plan::selection::{Place, Scope, ScopeKind};
use crate::query::{Field, Kind, Operator, Parameter, pairs};

/// The most words of a search.
pub const SEARCH_WORDS: usize = 10;

impl Reader {
    pub(super) fn filter(&mut self, field: &'static Field, operator: Operator, text: &str, plan: &mut Plan) -> Option<String> {
        let values = self.filter_values(field, operator, text)?;
        let canonical = if operator.takes_list() { pairs::join(&values) } else { values[0].clone() };
        plan.selection.conditions.push(self.condition(field, operator, values));
        Some(canonical)
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

    fn filter_values(&mut self, field: &'static Field, operator: Operator, text: &str) -> Option<Vec<String>> {
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

    pub(super) fn scope(&mut self, kind: ScopeKind, parameter: Parameter, text: &str, plan: &mut Plan) -> Option<String> {
        let name = parameter.name();
        let territories = self.values(&name, text, |one| match one.is_empty() || one.len() > value::VALUE_LENGTH {
            true => Err(Fault::new(&name, "The value is not the code of a territory, such as DEP-59.")),
            false => Ok(one.to_owned()),
        })?;
        let canonical = pairs::join(&territories);
        plan.selection.scopes.push(Scope { kind, territories });
        Some(canonical)
    }

    /// A day, or a year for its first of January: the day of the yearly editions of the official geography.
    pub(super) fn geography(&mut self, text: &str, plan: &mut Plan) -> Option<String> {
        let day = match text.len() {
            4 => period::parse(text).map(|year| year.start),
            _ => period::day(text),
        };
        if day.is_none() {
            let detail =
                "The value is neither a day of the calendar, such as 2012-06-30, nor a year, such as 2012, for its 1 January.";
            self.faults.push(Fault::new(Parameter::Geography.name(), detail).value(text));
        }
        plan.selection.geography = day;
        day.map(|day| day.to_string())
    }

    /// A box: west, south, east, north. None crosses the antimeridian, since no contour does.
    pub(super) fn bbox(&mut self, text: &str, plan: &mut Plan) -> Option<String> {
        let name = Parameter::Bbox.name();
        let parts = pairs::list(text);
        let Ok(parts) = <[String; 4]>::try_from(parts) else {
            let detail = "The value is not a box: west, south, east, north, in degrees, such as 2.9,50.5,3.2,50.8.";
            self.faults.push(Fault::new(&name, detail).value(text));
            return None;
        };
        let mut corners = [0.0; 4];
        for (at, part) in parts.iter().enumerate() {
            corners[at] = self.degrees(Parameter::Bbox, part, if at % 2 == 0 { 180.0 } else { 90.0 })?;
        }
        if corners[0] > corners[2] || corners[1] > corners[3] {
            let detail = "The box is empty: west must not lie east of east, nor south north of north.";
            self.faults.push(Fault::new(&name, detail).value(text));
            return None;
        }
        plan.selection.places.push(Place::Box(corners));
        Some(text.to_owned())
    }

    pub(super) fn degrees(&mut self, parameter: Parameter, text: &str, most: f64) -> Option<f64> {
        const DEGREES: Field = Field::optional("degrees", Kind::Decimal, "", "");
        let number = value::parse(&DEGREES, text).ok().and_then(|text| text.parse::<f64>().ok());
        if number.is_none_or(|degrees| degrees.abs() > most) {
            let detail = format!("The value is not a number of degrees from -{most} to {most}, such as 3.0573.");
            self.faults.push(Fault::new(parameter.name(), detail).value(text));
            return None;
        }
        number
    }

    pub(super) fn search(&mut self, text: &str, plan: &mut Plan) -> Option<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).count();
        let wrong = match words {
            0 => Some("The value holds no word.".to_owned()),
            n if n > SEARCH_WORDS => Some(format!("The value has {n} words; at most {SEARCH_WORDS} are searched for.")),
            _ if text.chars().count() > value::VALUE_LENGTH => {
                Some(format!("The value is longer than {} characters.", value::VALUE_LENGTH))
            }
            _ => None,
        };
        if let Some(detail) = wrong {
            self.faults.push(Fault::new(Parameter::Search.name(), detail).value(text));
            return None;
        }
        plan.selection.search = Some(text.to_owned());
        plan.selection.search.clone()
    }
}
