//! Owns items: `/v1/{dataset}/{code}`.
//! Must not know any one dataset, nor SQL.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};

use super::collection::refusal;
use super::envelope::{self, Links, Meta};
use super::geography;
use super::request;
use super::state::State;
use crate::db::lookup;
use crate::db::read::{self, Answer, Page};
use crate::format::json;
use crate::problem::{Kind, Problem, echo};
use crate::query::{Condition, Context, Dataset, Parameter, Plan, Row, pairs, value};

/// Answers an item.
///
/// # Errors
/// 400 for a parameter at fault, 404 with the closest codes for one that no row bears, 503 when the database does not
/// answer.
pub async fn item(request: HttpRequest, state: web::Data<State>, dataset: &'static Dataset) -> Result<HttpResponse, Problem> {
    let code = request::code(&request)?;
    let context = Context::of(state.registry, dataset);
    let plan = &find(context, &context.item_parameters(), &code, &request::pairs(&request)?)?;
    let (row, page) = one(&state, plan, &code).await?;
    let mut data = Vec::with_capacity(1024);
    json::object(&mut data, &plan.columns, &row);
    let links = links(plan, &code, page.release.number);
    Ok(envelope::answer(&data, &Meta::new(dataset.name, &page.release), &links, &page.included))
}

/// Reads the row that a plan of [`find`] is for, apart from the page that it came with.
///
/// # Errors
/// 404 with the closest codes when no row bears the code; 400 for a release that is not there; 503 when the database does
/// not answer.
pub async fn one(state: &State, plan: &Plan, code: &str) -> Result<(Row, Page), Problem> {
    let mut page = match state.pool.read(|connection| async move { read::answer(&connection, None, plan).await }).await? {
        Answer::Page(page) => page,
        refused => return Err(refusal(plan, None, refused)),
    };
    if let Some(row) = page.rows.pop() {
        return Ok((row, page));
    }
    let (dataset, number) = (plan.context.dataset, page.release.number);
    if let Some(day) = plan.geography {
        return Err(geography::nothing(code, day, number));
    }
    let near = state.pool.read(|connection| async move { lookup::closest(&connection, dataset, code.to_owned(), number).await });
    Err(unknown(dataset, code, number, near.await?))
}

/// The problem of a code that no row bears.
pub fn unknown(dataset: &Dataset, code: &str, release: i32, closest: Vec<String>) -> Problem {
    let detail = format!("No {} has the code `{}` in release {release}.", dataset.singular, echo(code));
    Problem::new(Kind::UnknownCode, detail).closest(closest)
}

/// The plan that finds one row by the fields of its key. A code that cannot be one finds nothing.
///
/// # Errors
/// 400 with every fault of the parameters.
pub fn find(context: Context, known: &[Parameter], code: &str, pairs: &[(String, String)]) -> Result<Plan, Problem> {
    let dataset = context.dataset;
    let mut plan = Plan::item(context, known, pairs).map_err(Problem::invalid_parameters)?;
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

fn links(plan: &Plan, code: &str, read: i32) -> Links {
    let dataset = plan.context.dataset;
    let path = format!("/v1/{}/{}", dataset.name, pairs::encode_segment(code));
    let at = |release: i32| format!("{path}{}", plan.query_string(&[("release", release.to_string())]));
    let related: BTreeMap<&'static str, String> = dataset.below().map(|name| (name, format!("{path}/{name}"))).collect();
    Links {
        this: plan.release.map_or_else(|| format!("{path}{}", plan.query_string(&[])), at),
        pinned: at(read),
        next: None,
        collection: Some(format!("/v1/{}", dataset.name)),
        related,
    }
}
