//! Owns items: `/v1/{dataset}/{code}`.
//! Must not know any one dataset, nor SQL.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};

use super::collection::no_release;
use super::envelope::{self, Links, Meta};
use super::request;
use super::state::State;
use crate::db::lookup;
use crate::db::read::{self, Answer};
use crate::format::json;
use crate::problem::{Fault, Kind, Problem, echo};
use crate::query::closest::closest;
use crate::query::{Condition, Context, Dataset, Plan, pairs, value};

/// The parameters of an item.
const PARAMETERS: [&str; 1] = ["release"];

/// Answers an item.
///
/// # Errors
/// 400 for a parameter at fault, 404 with the closest codes for one that no row bears, 503 when the database does not
/// answer.
pub async fn item(request: HttpRequest, state: web::Data<State>, dataset: &'static Dataset) -> Result<HttpResponse, Problem> {
    let code = request::code(&request)?;
    let plan = plan(dataset, &code, &request::pairs(&request)?)?;
    let (plan, registry) = (&plan, state.registry);
    let answer = state.pool.read(|connection| async move { read::answer(&connection, registry, None, plan).await }).await?;
    match answer {
        Answer::Page(page) => match page.rows.first() {
            Some(row) => {
                let mut data = Vec::with_capacity(1024);
                json::row(&mut data, plan.context.fields(), &row.0);
                Ok(envelope::answer(
                    &data,
                    &Meta::new(dataset.name, &page.release),
                    &links(dataset, &code, plan.release, page.release.number),
                ))
            }
            None => {
                let (number, wanted) = (page.release.number, &code);
                let near = state
                    .pool
                    .read(|connection| async move { lookup::closest(&connection, dataset, wanted.clone(), number).await })
                    .await?;
                Err(unknown(dataset, &code, number, near))
            }
        },
        Answer::NoRelease(newest) => Err(no_release(plan.release, newest)),
        Answer::NoParent(..) | Answer::UnknownCodes(..) => Err(Problem::internal()),
    }
}

/// The problem of a code that no row bears.
pub fn unknown(dataset: &Dataset, code: &str, release: i32, closest: Vec<String>) -> Problem {
    let detail = format!("No {} has the code `{}` in release {release}.", dataset.singular, echo(code));
    Problem::new(Kind::UnknownCode, detail).closest(closest)
}

/// The release asked for, when `release` is the only parameter that the address accepts.
///
/// # Errors
/// 400 with every fault.
pub fn release(pairs: &[(String, String)]) -> Result<Option<i32>, Problem> {
    let mut faults = Vec::new();
    let mut release = None;
    for (at, (name, text)) in pairs.iter().enumerate() {
        if !PARAMETERS.contains(&name.as_str()) {
            let detail = format!("`{}` is not a parameter of this address.", echo(name));
            faults.push(Fault::new(name, detail).allowed(PARAMETERS).closest(closest(name, PARAMETERS)));
        } else if pairs[..at].iter().any(|(earlier, _)| earlier == name) {
            faults.push(Fault::new(name, "The parameter is given more than once."));
        } else {
            match value::integer(text, 1, i64::from(i32::MAX)) {
                Ok(number) => release = i32::try_from(number).ok(),
                Err(why) => faults.push(Fault::new(name, format!("The value {why}.")).value(text)),
            }
        }
    }
    if faults.is_empty() { Ok(release) } else { Err(Problem::invalid_parameters(faults)) }
}

/// The plan that finds one row by the fields of its key. A code that cannot be one finds nothing.
fn plan(dataset: &'static Dataset, code: &str, pairs: &[(String, String)]) -> Result<Plan, Problem> {
    let context = Context { dataset, link: None, extra: &[] };
    let mut plan = Plan::read(context, None, &[]).map_err(Problem::invalid_parameters)?;
    plan.release = release(pairs)?;
    plan.limit = 1;
    plan.checks_codes = false;
    let parts = dataset.split_code(code).unwrap_or_default();
    plan.conditions = parts
        .into_iter()
        .map(|(field, text)| Condition::any_of(field, value::parse(field, &text).into_iter().collect()))
        .collect();
    if plan.conditions.is_empty() {
        plan.conditions = dataset.key_fields().map(|field| Condition::any_of(field, Vec::new())).collect();
    }
    Ok(plan)
}

fn links(dataset: &'static Dataset, code: &str, asked: Option<i32>, read: i32) -> Links {
    let path = format!("/v1/{}/{}", dataset.name, pairs::encode_segment(code));
    let at = |release: i32| format!("{path}?release={release}");
    let related: BTreeMap<&'static str, String> = dataset.below().map(|name| (name, format!("{path}/{name}"))).collect();
    Links {
        this: asked.map_or_else(|| path.clone(), at),
        pinned: at(read),
        next: None,
        collection: Some(format!("/v1/{}", dataset.name)),
        related,
    }
}
