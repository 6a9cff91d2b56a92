//! Owns the values of a request that select nothing as they are spelled, or mean something else than they look like: the filters on
//! texts compare exactly, `lille` is not `Lille`, and a decimal comma separates two values.
//! Must not know how the answer says so.

use diesel::QueryResult;
use diesel_async::RunQueryDsl;
use unicode_normalization::is_nfc;

use super::unselected::{Unselected, UnselectedReason};
use crate::db::ReadingConnection;
use crate::db::sql::spellings::Spelled;
use crate::query::{Condition, Kind, Operator, Parameter, Plan, Shape};

/// The most spellings that are proposed for a value.
const SPELLINGS: i64 = 3;

/// The most values of a request whose spelling is looked up.
const MAX_VALUES: usize = 5;

/// What is to be said of the values of a plan. Spellings are looked up where they may be the reason that an answer `is_empty`, or
/// that one of several values selects nothing; not among observations, which have millions of rows and no names.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn explained(
    mut connection: &ReadingConnection,
    plan: &Plan,
    release: i32,
    is_empty: bool,
) -> QueryResult<Vec<Unselected>> {
    let dataset = plan.selection.context.dataset;
    let mut found: Vec<Unselected> =
        plan.selection.conditions.iter().filter_map(|condition| decimal_comma(condition, dataset.name)).collect();
    let is_looked_up = |condition: &&Condition| {
        let several = condition.values.len() > 1;
        matches!(condition.field.kind, Kind::Text)
            && condition.operator == Operator::AnyOf
            && dataset.shape != Shape::Observations
            && (is_empty || several)
    };
    let values = plan.selection.conditions.iter().filter(is_looked_up);
    // Beside a text with combining marks stands its composed form.
    let values = values.flat_map(|one| one.values.iter().filter(|value| is_nfc(value)).map(move |value| (one, value)));
    for (condition, value) in values.take(MAX_VALUES) {
        let query = Spelled::new(dataset, condition.field, value, release, SPELLINGS + 1);
        let mut spellings: Vec<String> = RunQueryDsl::load(query, &mut connection).await?;
        if spellings.is_empty() || spellings.contains(value) {
            continue;
        }
        spellings.truncate(usize::try_from(SPELLINGS).unwrap_or(usize::MAX));
        found.push(said(condition, value.clone(), dataset.name, UnselectedReason::SpelledOtherwise(spellings)));
    }
    Ok(found)
}

/// Two whole numbers where one decimal number may be meant: `12,5`.
fn decimal_comma(condition: &Condition, dataset: &'static str) -> Option<Unselected> {
    let is_whole = |value: &String| value.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
    let decimal = matches!(condition.field.kind, Kind::Decimal) && condition.operator.takes_list();
    let ([one, other], true) = (condition.values.as_slice(), decimal) else { return None };
    (is_whole(one) && is_whole(other))
        .then(|| said(condition, format!("{one},{other}"), dataset, UnselectedReason::TwoNumbers(one.clone(), other.clone())))
}

fn said(condition: &Condition, code: String, dataset: &'static str, why: UnselectedReason) -> Unselected {
    let parameter = Parameter::Filter(condition.field, condition.operator).name().into_owned();
    Unselected { parameter, code, dataset, why }
}
