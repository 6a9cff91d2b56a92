//! Owns the reading of one value of a filter.
//! Must not know how a request is put together.

use crate::problem::Fault;
use crate::query::collection::operator::Operator;
use crate::query::model::dataset::Dataset;
use crate::query::model::field::{Field, Kind};
use crate::query::model::value;
use crate::query::suggest::closest;

/// Reads one value of a filter and gives its canonical text.
///
/// # Errors
/// What is wrong with it, what is allowed, and what comes closest.
pub fn read(dataset: &Dataset, name: &str, field: &'static Field, operator: Operator, one: &str) -> Result<String, Fault> {
    let fault = |why: String| Fault::new(name, format!("The value {why}."));
    if one.chars().count() > value::VALUE_LENGTH {
        return Err(fault(format!("is longer than {} characters", value::VALUE_LENGTH)));
    }
    if !operator.takes_values() {
        return if one.is_empty() { Err(fault("is empty".to_owned())) } else { Ok(one.to_owned()) };
    }
    if matches!(field.kind, Kind::JoinedCode) {
        let parts = dataset
            .split_code(one)
            .ok_or_else(|| fault(format!("is not a code of {} parts joined by `~`", dataset.key.len())))?;
        for (part, text) in &parts {
            value::parse(part, text).map_err(|why| fault(format!("has a part `{}` that {why}", part.name)))?;
        }
        return Ok(one.to_owned());
    }
    value::parse(field, one).map_err(|why| match field.choices() {
        Some(choices) => {
            let words = choices.iter().map(|choice| choice.value);
            fault(why).allowed(words.clone()).closest(closest(one, words))
        }
        None => fault(why),
    })
}
