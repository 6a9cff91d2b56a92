//! Owns the parameters that decide what is shown of the rows: columns, related rows, facets, groups, representation.
//! Must not know which rows come.

use super::Reader;
use crate::problem::Fault;
use crate::query::collection::include::INCLUDES;
use crate::query::plan::Plan;
use crate::query::plan::grouping::{Function, GROUP_FIELDS, Grouping};
use crate::query::plan::reading::FACETS;
use crate::query::suggest::closest;
use crate::query::{Field, Parameter, Representation, pairs};

impl Reader {
    /// The fields that a list names, in its order, of those that are admitted.
    fn named(
        &mut self,
        parameter: Parameter,
        text: &str,
        most: usize,
        admitted: &[&'static Field],
    ) -> Option<Vec<&'static Field>> {
        let words: Vec<&'static str> = admitted.iter().map(|field| field.name).collect();
        let names = self.listed(parameter, text, most, &words)?;
        Some(names.iter().filter_map(|name| admitted.iter().copied().find(|field| field.name == *name)).collect())
    }

    /// The words that a list names, in its order, without doubles.
    fn listed(&mut self, parameter: Parameter, text: &str, most: usize, words: &[&'static str]) -> Option<Vec<&'static str>> {
        let (name, before) = (parameter.name(), self.faults.len());
        let mut found = Vec::new();
        for one in pairs::list(text) {
            match self.choice(&name, &one, words) {
                Some(word) if found.contains(&word) => {
                    self.faults.push(Fault::new(&name, "The value stands in the list twice.").value(&one));
                }
                Some(word) => found.push(word),
                None => {}
            }
        }
        if found.len() > most {
            self.faults.push(Fault::new(&name, format!("The list has {} values; at most {most} are admitted.", found.len())));
        }
        (self.faults.len() == before).then_some(found)
    }

    pub(super) fn fields(&mut self, text: &str) -> Option<String> {
        let all: Vec<&'static Field> = self.context.fields().collect();
        self.fields = Some(self.named(Parameter::Fields, text, all.len(), &all)?);
        Some(text.to_owned())
    }

    pub(super) fn facets(&mut self, text: &str, plan: &mut Plan) -> Option<String> {
        let all: Vec<&'static Field> = self.context.fields().filter(|field| field.is_facet()).collect();
        plan.reading.facets = self.named(Parameter::Facets, text, FACETS, &all)?;
        Some(text.to_owned())
    }

    pub(super) fn include(&mut self, text: &str, plan: &mut Plan) -> Option<String> {
        let (all, before) = (self.context.includes(), self.faults.len());
        let names: Vec<String> = all.iter().map(|include| include.name()).collect();
        for one in pairs::list(text) {
            match all.iter().find(|include| include.name() == one) {
                Some(_) if plan.reading.include.iter().any(|include| include.name() == one) => {
                    self.faults.push(Fault::new("include", "The value stands in the list twice.").value(&one));
                }
                Some(include) => plan.reading.include.push(*include),
                None => {
                    let fault = Fault::new("include", "The value is not one of those admitted.").value(&one);
                    self.faults.push(fault.allowed(names.clone()).closest(closest(&one, names.iter().map(String::as_str))));
                }
            }
        }
        if plan.reading.include.len() > INCLUDES {
            let detail = format!("The list has {} values; at most {INCLUDES} are admitted.", plan.reading.include.len());
            self.faults.push(Fault::new("include", detail));
        }
        (self.faults.len() == before).then(|| text.to_owned())
    }

    pub(super) fn group_by(&mut self, text: &str, plan: &mut Plan) -> Option<String> {
        let all: Vec<&'static Field> = self.context.fields().filter(|field| self.context.is_group(field)).collect();
        let by = self.named(Parameter::GroupBy, text, GROUP_FIELDS, &all)?;
        plan.selection.grouping.get_or_insert_with(Grouping::default).by = by;
        Some(text.to_owned())
    }

    pub(super) fn aggregate(&mut self, text: &str, plan: &mut Plan) -> Option<String> {
        self.aggregated = true;
        let words = self.listed(Parameter::Aggregate, text, Function::ALL.len(), Parameter::Aggregate.words())?;
        let functions = Function::ALL.into_iter().filter(|function| words.contains(&function.name())).collect();
        plan.selection.grouping.get_or_insert_with(Grouping::default).functions = functions;
        Some(text.to_owned())
    }

    pub(super) fn compare(&mut self, text: &str, plan: &mut Plan) -> Option<String> {
        let words = Parameter::Compare.words();
        let found = self.listed(Parameter::Compare, text, words.len(), words)?;
        plan.selection.compare = found.into_iter().map(str::to_owned).collect();
        Some(text.to_owned())
    }

    pub(super) fn format(&mut self, text: &str, plan: &mut Plan) -> Option<String> {
        let words: Vec<&'static str> = Representation::of(self.context.dataset).map(Representation::name).collect();
        let word = self.choice("format", text, &words)?;
        plan.presentation.representation = Representation::ALL.into_iter().find(|one| one.name() == word)?;
        Some(word.to_owned())
    }
}
