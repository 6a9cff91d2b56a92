//! Owns the state of a parse: the faults found so far, and the parameters that only the end of the parse can judge.
//! Reads the values that many parameters share: numbers, words, lists. Must not know single parameters.

use std::collections::BTreeSet;

use super::foreign_names;
use crate::problem::{Fault, Reason, echo};
use crate::query::collection::context::Context;
use crate::query::collection::operator::SEPARATOR;
use crate::query::collection::parameter::{FILTERS, Parameter};
use crate::query::model::field::Field;
use crate::query::model::value;
use crate::query::pairs;
use crate::query::plan::selection::LIST_VALUES;
use crate::query::suggest::closest;

/// The state of a parse. A parse goes on after a fault, so that the client learns of all faults at once.
pub struct Parser {
    /// The collection.
    pub context: Context,
    /// The faults found so far.
    pub faults: Vec<Fault>,
    /// The value of `fields`.
    pub fields: Option<Vec<&'static Field>>,
    /// The value of `cursor`, which can be read when the whole request is known.
    pub cursor: Option<String>,
    /// The values of `lon` and `lat`.
    pub point: [Option<f64>; 2],
}

impl Parser {
    /// The state before the first pair.
    pub fn new(context: Context) -> Self {
        Self { context, faults: Vec::new(), fields: None, cursor: None, point: [None; 2] }
    }

    /// Adds a fault of a parameter.
    pub fn fault(&mut self, parameter: Parameter, reason: Reason, detail: impl Into<String>) {
        self.faults.push(Fault::new(reason, parameter.name(), detail));
    }

    /// Adds a fault of the value of a parameter.
    pub fn invalid(&mut self, parameter: Parameter, reason: Reason, text: &str, detail: impl Into<String>) {
        self.faults.push(Fault::new(reason, parameter.name(), detail).value(text));
    }

    /// Whether a parameter has a fault already, so that nothing is known of what it asks for.
    pub fn is_faulty(&self, parameter: Parameter) -> bool {
        self.faults.iter().any(|fault| fault.name.as_deref().is_some_and(|name| parameter.is_named(name)))
    }

    /// Adds the fault of a parameter that needs another one.
    pub fn needs(&mut self, parameter: Parameter, what: &str) {
        self.fault(parameter, Reason::RequiresOther, format!("The parameter needs {what}."));
    }

    /// Adds the fault of a name that no accepted parameter has.
    pub fn unknown(&mut self, name: &str, accepted: &[Parameter]) {
        if let Some(fault) = foreign_names::fault(self.context, accepted, name) {
            return self.faults.push(fault);
        }
        let names: Vec<_> = accepted.iter().map(|parameter| parameter.name()).collect();
        // Other services write a list of values with an operator of its own.
        let listed = name.strip_suffix("__in").filter(|stem| names.iter().any(|name| name == stem));
        let detail = match self.context.field(name) {
            _ if name == FILTERS => format!(
                "`{FILTERS}` is an object of the OpenAPI document: send each member under its own name, such as `period__gte=2019`."
            ),
            _ if let Some(stem) = listed => {
                format!("`{name}` is not a parameter of this address: `{stem}` takes several values, separated by commas.")
            }
            Some(_) => format!("`{name}` is not a parameter of this address: the field cannot be filtered on."),
            None => format!("`{}` is not a parameter of this address.", echo(name)),
        };
        let near = match listed {
            Some(stem) => vec![stem.to_owned()],
            None => closest(name, names.iter().map(AsRef::as_ref)),
        };
        // The operators of each field would make the list ten times as long. They are only proposed when they are close.
        let plain = names.iter().filter(|name| !name.contains(SEPARATOR));
        self.faults.push(Fault::new(Reason::UnknownParameter, name, detail).allowed(plain.cloned()).closest(near));
    }

    /// A whole number between bounds.
    pub fn number(&mut self, parameter: Parameter, text: &str, minimum: i64, maximum: i64) -> Option<i64> {
        value::integer(text, minimum, maximum)
            .map_err(|why| {
                let near =
                    text.parse::<f64>().ok().filter(|n| !n.is_nan()).map(|n| (n as i64).clamp(minimum, maximum).to_string());
                let fault = Fault::new(value::integer_reason(text), parameter.name(), format!("The value {why}."));
                self.faults.push(fault.value(text).closest(near));
            })
            .ok()
    }

    /// One of the words of a parameter.
    pub fn word(&mut self, parameter: Parameter, text: &str) -> Option<&'static str> {
        self.choice(parameter, text, parameter.words())
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, parameter: Parameter, text: &str) -> Option<bool> {
        self.word(parameter, text).map(|word| word == "true")
    }

    /// One of several words.
    pub fn choice(&mut self, parameter: Parameter, text: &str, words: &[&'static str]) -> Option<&'static str> {
        self.one_of(parameter, Reason::UnknownValue, text, words)
    }

    fn one_of(&mut self, parameter: Parameter, reason: Reason, text: &str, words: &[&'static str]) -> Option<&'static str> {
        let found = words.iter().copied().find(|word| *word == text);
        if found.is_none() {
            self.not_allowed(parameter, reason, text, words.iter().copied());
        }
        found
    }

    /// Adds the fault of a value that is none of the allowed words.
    pub fn not_allowed<'w>(
        &mut self,
        parameter: Parameter,
        reason: Reason,
        text: &str,
        words: impl Iterator<Item = &'w str> + Clone,
    ) {
        let fault = Fault::new(reason, parameter.name(), "The value is not one of those admitted.").value(text);
        self.faults.push(fault.allowed(words.clone()).closest(closest(text, words)));
    }

    /// The values of a list, each read by `read`; sorted, without duplicates.
    pub fn values(
        &mut self,
        parameter: Parameter,
        text: &str,
        read: impl Fn(&str) -> Result<String, Fault>,
    ) -> Option<Vec<String>> {
        let given = pairs::list(text);
        if given.len() > LIST_VALUES {
            self.too_many(parameter, given.len(), LIST_VALUES);
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

    /// The words of a list, in its order; at most `most` words, none of them twice.
    pub fn words(&mut self, parameter: Parameter, text: &str, most: usize, words: &[&'static str]) -> Option<Vec<&'static str>> {
        self.listed(parameter, Reason::UnknownValue, text, most, words)
    }

    fn listed(
        &mut self,
        parameter: Parameter,
        reason: Reason,
        text: &str,
        most: usize,
        words: &[&'static str],
    ) -> Option<Vec<&'static str>> {
        let before = self.faults.len();
        let mut found = Vec::new();
        for one in pairs::list(text) {
            match self.one_of(parameter, reason, &one, words) {
                Some(word) if found.contains(&word) => self.twice(parameter, &one),
                Some(word) => found.push(word),
                None => {}
            }
        }
        if found.len() > most {
            self.too_many(parameter, found.len(), most);
        }
        (self.faults.len() == before).then_some(found)
    }

    /// The fields of a list, in its order; at most `most` fields, none of them twice.
    pub fn listed_fields(
        &mut self,
        parameter: Parameter,
        text: &str,
        most: usize,
        allowed: &[&'static Field],
    ) -> Option<Vec<&'static Field>> {
        let words: Vec<&'static str> = allowed.iter().map(|field| field.name).collect();
        let names = self.listed(parameter, Reason::UnknownField, text, most, &words)?;
        Some(names.iter().filter_map(|name| allowed.iter().copied().find(|field| field.name == *name)).collect())
    }

    /// Adds the fault of a list that is too long.
    pub fn too_many(&mut self, parameter: Parameter, count: usize, most: usize) {
        self.fault(parameter, Reason::TooMany, format!("The list has {count} values; at most {most} are admitted."));
    }

    /// Adds the fault of a value that a list has twice.
    pub fn twice(&mut self, parameter: Parameter, text: &str) {
        self.invalid(parameter, Reason::Repeated, text, "The value stands in the list twice.");
    }
}
